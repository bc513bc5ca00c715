//! What a program with beldi functions does when it is started.

use std::io::Write;
use std::process::ExitCode;

use crate::environment::Settings;
use crate::registry::Registry;
use crate::world::millis;

#[cfg(feature = "embedded")]
mod curl;
#[cfg(feature = "embedded")]
mod local;

/// Set, the program prints its manifest and does nothing else.
const MANIFEST: &str = "BELDI_MANIFEST";
/// Set, the program ends when its standard input does: when whoever started it has gone.
#[cfg(any(feature = "aws", feature = "embedded"))]
pub(crate) const ENDS_WITH_INPUT: &str = "BELDI_ENDS_WITH_INPUT";

/// A program: what [`main`] is, with settings of its own.
///
/// ```no_run
/// use std::process::ExitCode;
/// use std::time::Duration;
/// use beldi_core::{Program, Settings};
///
/// fn main() -> ExitCode {
///     let settings = Settings { timeout: Duration::from_secs(10), ..Settings::default() };
///     Program::new().settings(settings).run()
/// }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a program does nothing until it is run"]
pub struct Program {
    settings: Settings,
}

/// The whole `main` of a program: an AWS Lambda function where Lambda's environment is there, and a local server
/// otherwise.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     beldi_core::main()
/// }
/// ```
///
/// As a local server it listens on `127.0.0.1`, at the port that the variable `BELDI_PORT` names (8080; 0 for any that is
/// free), and keeps its tables in the file that `BELDI_DATA` names (`target/beldi.db`; `memory` for none). Ctrl-C and
/// SIGTERM end it, and so does the end of its standard input where `BELDI_ENDS_WITH_INPUT` is set. It answers what it was
/// asked before; what takes longer is finished at the next start.
pub fn main() -> ExitCode {
    Program::new().run()
}

impl Program {
    /// A program with the default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// The protocol's limits and intervals.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Does what the program is asked for by its environment, and serves locally if that is nothing.
    pub fn run(self) -> ExitCode {
        self.deployed().unwrap_or_else(|| ended(self.serve_locally()))
    }

    /// What a program does first that has a `main` of its own: runs as an AWS Lambda function if it is one, or tells
    /// `cargo beldi` what it declares. `None` means that it was started by a person.
    pub fn deployed(&self) -> Option<ExitCode> {
        if std::env::var_os(MANIFEST).is_some() {
            return Some(ended(self.print_manifest()));
        }
        #[cfg(feature = "aws")]
        if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
            return Some(ended(self.run_on_lambda()));
        }
        None
    }

    fn print_manifest(&self) -> Result<(), String> {
        let registry = Registry::collect().map_err(|errors| super::list(&errors))?;
        let mut manifest = registry.manifest().map_err(|error| error.to_string())?;
        manifest.default_timeout_ms = millis(self.settings.timeout);
        let json = serde_json::to_string_pretty(&manifest).map_err(|error| error.to_string())?;
        writeln!(std::io::stdout(), "{json}").map_err(|error| error.to_string())
    }

    #[cfg(feature = "aws")]
    fn run_on_lambda(&self) -> Result<(), String> {
        lambda_runtime::tracing::init_default_subscriber();
        if cfg!(panic = "abort") {
            tracing::warn!(
                "built with `panic = \"abort\"`: an attempt that panics takes others of its process with it"
            );
        }
        if std::env::var_os(ENDS_WITH_INPUT).is_some() {
            std::thread::spawn(end_with_input);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(async {
            let host = super::LambdaHost::from_env().map_err(|error| error.to_string())?;
            let host = host.settings(self.settings.clone()).build().map_err(|error| error.to_string())?;
            host.run().await.map_err(|error| error.to_string())
        })
    }

    #[cfg(feature = "embedded")]
    fn serve_locally(&self) -> Result<(), String> {
        #[cfg(feature = "aws")]
        lambda_runtime::tracing::init_default_subscriber();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(local::serve(self.settings.clone())).map_err(|error| error.to_string())
    }

    #[cfg(not(feature = "embedded"))]
    fn serve_locally(&self) -> Result<(), String> {
        Err("this program was built for AWS Lambda, without a store of its own: build it with the feature `embedded` of beldi to serve locally".to_owned())
    }
}

/// Ends the process when whoever started it has gone.
#[cfg(feature = "aws")]
fn end_with_input() {
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    std::process::exit(1);
}

fn ended(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With the standard error gone there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
