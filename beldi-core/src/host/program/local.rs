//! A program as a local server.
//!
//! Invariant: however it is told to end, what it has accepted is finished, now or at the next start.

use std::error::Error;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::{ENDS_WITH_INPUT, curl};
use crate::environment::Settings;
use crate::host::{GatewayError, HostError, LocalHost};
use crate::store::EmbeddedStore;

const GRACE: Duration = Duration::from_secs(10);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub(super) async fn serve(settings: Settings) -> Result<()> {
    let port = port()?;
    let (store, data) = store()?;
    let told_to_end = told_to_end()?;
    let host = LocalHost::builder(Arc::new(store)).settings(settings).start().await;
    let host = host.map_err(|error| match error {
        HostError::Tables(error) => {
            format!("{error}\nhint: {data} has the tables of an earlier program: remove it, or {}", elsewhere()).into()
        }
        error => Box::<dyn Error>::from(error),
    })?;
    let gateway = host.serve((Ipv4Addr::LOCALHOST, port)).await.map_err(cannot_listen)?;
    let mut out = io::stdout();
    writeln!(out, "serving at {gateway}, tables in {data}; Ctrl-C ends it")?;
    for function in host.environment().registry.functions() {
        let signature = function.signature.trim_start_matches("#[beldi(read_only)] ").trim_start_matches("async fn ");
        writeln!(out, "  {}/{signature}", function.service)?;
    }
    if let Some(example) = curl::example(host.environment().registry.functions(), &gateway.to_string()) {
        writeln!(out, "for example:\n  {example}")?;
    }
    told_to_end.await;
    // Nobody may be there to read it.
    let _ = writeln!(out, "stopping");
    if !host.shutdown(GRACE).await {
        let _ = writeln!(out, "what was under way is finished at the next start");
    }
    Ok(())
}

fn port() -> Result<u16> {
    let Some(port) = std::env::var_os("BELDI_PORT") else { return Ok(8080) };
    let number = port.to_str().and_then(|port| port.parse().ok());
    Ok(number.ok_or_else(|| format!("BELDI_PORT is `{}`, which is no port: use 0 to 65535", port.display()))?)
}

/// The store, and what it is called.
fn store() -> Result<(EmbeddedStore, String)> {
    let data = std::env::var_os("BELDI_DATA").unwrap_or_else(|| "target/beldi.db".into());
    if data == "memory" {
        return Ok((EmbeddedStore::in_memory()?, "memory".to_owned()));
    }
    let data = PathBuf::from(data);
    let folder = data.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let store = EmbeddedStore::open(&data).map_err(|error| format!("{error}\nhint: {}", elsewhere()))?;
    Ok((store, data.display().to_string()))
}

fn elsewhere() -> &'static str {
    "name another file with BELDI_DATA (`cargo beldi dev --data`), or `memory` for none"
}

fn cannot_listen(error: GatewayError) -> Box<dyn Error> {
    match &error {
        GatewayError::Bind { address, error } if error.kind() == io::ErrorKind::AddrInUse => {
            let port = address.port();
            format!("port {port} is in use: name another one with BELDI_PORT (`cargo beldi dev --port`), or 0 for any that is free").into()
        }
        _ => error.into(),
    }
}

/// Resolves when somebody wants the server to end: Ctrl-C, SIGTERM, or the end of the standard input if that is what
/// the environment says.
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    let (ended, input) = oneshot::channel();
    let ends_with_input = std::env::var_os(ENDS_WITH_INPUT).is_some();
    if ends_with_input {
        // A thread of its own: a runtime would wait for one that still reads.
        std::thread::spawn(move || {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            let _ = ended.send(());
        });
    }
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        let terminated = terminate.recv();
        #[cfg(not(unix))]
        let terminated = std::future::pending::<()>();
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated => {}
            _ = input, if ends_with_input => {}
        }
    })
}
