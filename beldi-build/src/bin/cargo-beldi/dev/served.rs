//! The program that is served.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, SystemTime};

use beldi_build::ProjectError;
use tokio::process::{Child, ChildStdin, Command};

use super::super::Result;

/// Longer than `beldi::main()` waits for what is under way.
const PATIENCE: Duration = Duration::from_secs(15);

/// A program as cargo has built it.
#[derive(PartialEq, Eq)]
pub(super) struct Build {
    pub(super) executable: PathBuf,
    pub(super) made: SystemTime,
}

/// A program that runs.
pub(super) struct Served {
    pub(super) build: Build,
    process: Child,
    /// Closed, it tells the program to end. That also happens if this process is killed.
    input: Option<ChildStdin>,
}

impl Served {
    pub(super) fn start(build: Build, port: Option<u16>, data: &OsStr) -> Result<Self> {
        let mut command = Command::new(&build.executable);
        command.env("BELDI_ENDS_WITH_INPUT", "1").env("BELDI_DATA", data);
        if let Some(port) = port {
            command.env("BELDI_PORT", port.to_string());
        }
        let program = build.executable.display().to_string();
        let started = command.stdin(Stdio::piped()).spawn();
        let mut process = started.map_err(|source| ProjectError::Start { program, source, hint: "" })?;
        let input = process.stdin.take();
        Ok(Self { build, process, input })
    }

    /// How it has ended by itself, when it has.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.process.wait().await
    }

    /// Asks it to end, and ends it if it takes no notice.
    pub(super) async fn end(mut self) -> Result<()> {
        drop(self.input.take());
        if tokio::time::timeout(PATIENCE, self.process.wait()).await.is_err() {
            eprintln!("it does not end, and is killed: what was under way is finished at the next start");
            self.process.kill().await?;
        }
        Ok(())
    }
}
