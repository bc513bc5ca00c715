//! `cargo xtask watch`: the travel reservation under `cargo lambda watch`, on DynamoDB Local.
//!
//! What it stands in for it resembles little: it runs what nobody waits for while the caller waits, names deadlines
//! long past, and hangs where a worker dies. It shows that the program runs there; what holds when processes die is
//! shown by `cargo xtask chaos`.
//!
//! Invariant: nothing that was started is left when the command ends.

use std::error::Error;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::lambda::cargo_lambda;
use crate::tally::Tally;
use crate::tools::CARGO_LAMBDA;
use crate::{cargo, dynamodb_local};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is asked, one after another: the event, and what its answer must contain.
const EVENTS: &[(&str, &str)] = &[
    (r#"{"beldi": "create-tables"}"#, "frontend-journal"),
    (
        r#"{"function": "frontend/add_hotel", "idempotency_key": "hotel", "arguments": {"profile": {"id": "ritz", "name": "The Ritz", "city": "Paris", "place": {"lat": 48.868, "lon": 2.329}, "score": 46, "about": "It has a bar."}, "plans": [{"name": "room only", "cents": 90000}], "nights": 3, "rooms": 2}}"#,
        r#""instance""#,
    ),
    (
        r#"{"function": "frontend/add_flight", "idempotency_key": "flight", "arguments": {"flight": {"number": "BL101", "from": "Oslo", "to": "Paris", "leaves": 480}, "days": 3, "seats": 2}}"#,
        r#""instance""#,
    ),
    (
        r#"{"function": "frontend/reserve", "idempotency_key": "trip", "arguments": {"guest": "ada", "hotel": "ritz", "flight": "BL101", "day": 1}}"#,
        r#""reservation""#,
    ),
    (r#"{"function": "order/of", "arguments": "ada"}"#, r#""reservation""#),
    (r#"{"function": "hotel/list", "arguments": null}"#, r#""free":1"#),
];

/// How many events are answered at once: a function that calls another waits in its own.
const CONCURRENCY: &str = "32";

/// It is compiled first.
const START_TIMEOUT: Duration = Duration::from_secs(900);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
const POLL_PAUSE: Duration = Duration::from_millis(100);

/// Starts it, and books a trip. Each event that is answered as it should is a check.
pub(crate) fn run() -> Result<Tally> {
    let tools = CARGO_LAMBDA.directory()?;
    dynamodb_local::with_server(async |dynamodb| {
        let services = services().await?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port();
        let manifest = write_manifest()?;
        let mut watch = Watch::start(&tools, &manifest, dynamodb, port, &services)?;
        watch.wait_until_ready().await?;
        let mut tally = Tally::default();
        for (event, expected) in EVENTS {
            println!("> cargo lambda invoke travel --data-ascii '{event}'");
            let answer = watch.invoke(event).await?;
            println!("{answer}");
            match answer.contains(expected) {
                true => tally.passed += 1,
                false => tally.failed += 1,
            }
        }
        watch.stop().await?;
        Ok(tally)
    })
}

/// The names of the services, as the program itself tells them.
async fn services() -> Result<Vec<String>> {
    let mut command = cargo::command();
    command.args(["run", "--quiet", "--example", "travel"]).env("BELDI_MANIFEST", "1").stderr(Stdio::inherit());
    let output = command.output().await?;
    let manifest: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let services = manifest["services"].as_array().ok_or("the manifest has no services")?;
    Ok(services.iter().filter_map(|service| service["name"].as_str()).map(str::to_owned).collect())
}

/// A package in which the example is a binary: `cargo lambda watch` knows no others.
fn write_manifest() -> Result<PathBuf> {
    let folder = cargo::target_directory().join("watch");
    std::fs::create_dir_all(&folder)?;
    std::fs::copy(cargo::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let (root, manifest) = (cargo::root().display(), folder.join("Cargo.toml"));
    let text = format!(
        r#"[workspace]

[package]
name = "travel"
edition = "2024"

[[bin]]
name = "travel"
path = "{root}/examples/travel/main.rs"

[features]
embedded = []

[dependencies]
beldi = {{ path = "{root}", default-features = false, features = ["aws"] }}
serde = {{ version = "1", features = ["derive"] }}
sha2 = "0.11"
thiserror = "2"
uuid = "1"
"#
    );
    std::fs::write(&manifest, text)?;
    Ok(manifest)
}

/// A running `cargo lambda watch`, with everything that it started in a process group of its own.
struct Watch<'a> {
    tools: &'a Path,
    process: Child,
    port: u16,
}

impl<'a> Watch<'a> {
    fn start(tools: &'a Path, manifest: &Path, dynamodb: &str, port: u16, services: &[String]) -> Result<Self> {
        let functions: serde_json::Map<_, _> =
            services.iter().map(|service| (service.clone(), "travel".into())).collect();
        let mut command = cargo_lambda(tools)?;
        command.args(["watch", "--ignore-changes", "--offline", "--concurrency", CONCURRENCY]);
        command.args(["--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string(), "--manifest-path"]);
        command
            .arg(manifest)
            .env("CARGO_TARGET_DIR", cargo::target_directory())
            .env("BELDI_SERVICE", "*")
            .env("BELDI_FUNCTIONS", serde_json::Value::Object(functions).to_string())
            .env("AWS_ENDPOINT_URL_DYNAMODB", dynamodb)
            .env("AWS_ENDPOINT_URL_LAMBDA", format!("http://127.0.0.1:{port}"))
            .env("AWS_REGION", "local")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .process_group(0);
        Ok(Self { tools, process: command.spawn()?, port })
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < START_TIMEOUT {
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("cargo lambda watch ended at its start ({status})").into());
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_ok() {
                return Ok(());
            }
            sleep(POLL_PAUSE).await;
        }
        Err(format!("cargo lambda watch did not answer within {} s", START_TIMEOUT.as_secs()).into())
    }

    /// Ends it as Ctrl-C does: then it ends what it has started.
    async fn stop(&mut self) -> Result<()> {
        if let Some(id) = self.process.id() {
            Command::new("kill").args(["-INT", &id.to_string()]).status().await?;
            tokio::time::timeout(STOP_TIMEOUT, self.process.wait()).await??;
        }
        Ok(())
    }

    /// What `cargo lambda invoke` prints.
    async fn invoke(&self, event: &str) -> Result<String> {
        let mut command = cargo_lambda(self.tools)?;
        command.args(["invoke", "--invoke-address", "127.0.0.1", "--invoke-port", &self.port.to_string()]);
        let output = command.args(["--data-ascii", event, "travel"]).output().await?;
        let (answer, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Ok(format!("{}{}", answer.trim_end(), error.trim_end()))
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.process.id() {
            let _ = std::process::Command::new("kill").args(["-KILL", "--", &format!("-{id}")]).status();
        }
    }
}
