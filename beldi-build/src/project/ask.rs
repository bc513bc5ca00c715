//! Builds the program for the machine that this is, and lets it say what it declares.
//!
//! Invariant: a program that is asked does nothing else. It gets an environment variable that its first line looks for,
//! and one that does not answer soon is ended.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cargo_metadata::{Artifact, Message, TargetKind};

use super::{Kind, Project, ProjectError};
use crate::{ManifestError, Program, marks, read};

/// A program that has not said anything after this time does something else.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(10);

impl Project {
    /// Builds the program, asks it for its manifest, and reads the marks in its binary. `code` is where the deployed
    /// binary will be, as seen from the template. `arguments` are further ones for cargo.
    ///
    /// # Errors
    ///
    /// A program that does not compile, or says nothing or nothing that is a manifest.
    pub fn ask(&self, code: String, arguments: &[String]) -> Result<Program, ProjectError> {
        let binary = self.build_for_host(arguments)?;
        let name = || self.program.clone();
        let json = manifest_of(&binary).map_err(|error| match error {
            Silent::Start(source) => ProjectError::Start { program: name(), source, hint: "" },
            Silent::Fails(status) => ProjectError::Fails { name: name(), status },
            Silent::Other(what) => ProjectError::NoManifest { name: name(), what },
        })?;
        let manifest = read(&json).map_err(|error| match error {
            ManifestError::Malformed(error) => {
                ProjectError::NoManifest { name: name(), what: format!("it prints something else: {error}") }
            }
            source => ProjectError::Manifest { name: name(), source },
        })?;
        let bytes = std::fs::read(&binary)
            .map_err(|source| ProjectError::File { path: binary.display().to_string(), source })?;
        let (package, settings) = (self.package.clone(), self.settings.clone());
        Ok(Program { package, manifest, marks: marks(&bytes), settings, code })
    }

    /// What builds the program as `cargo build` does, with messages for [`Project::executable`] on its standard output
    /// and those for people on the terminal. `arguments` are further ones for cargo.
    pub fn build_command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["build", "--message-format", "json-render-diagnostics"]);
        command.args(self.cargo_arguments()).args(arguments).stdout(Stdio::piped());
        command
    }

    /// Where the program is, if that is what cargo says in a line of [`Project::build_command`].
    pub fn executable(&self, line: &str) -> Option<PathBuf> {
        let kind = match self.kind {
            Kind::Bin => TargetKind::Bin,
            Kind::Example => TargetKind::Example,
        };
        match serde_json::from_str(line) {
            Ok(Message::CompilerArtifact(Artifact { target, executable, .. }))
                if target.name == self.program && target.kind.contains(&kind) =>
            {
                executable.map(Into::into)
            }
            _ => None,
        }
    }

    /// Builds the program as `cargo build` does, and gives where it is.
    fn build_for_host(&self, arguments: &[String]) -> Result<PathBuf, ProjectError> {
        let start = |source| ProjectError::Start { program: "cargo build".to_owned(), source, hint: "" };
        let mut child = self.build_command(arguments).spawn().map_err(start)?;
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let built = lines.map_while(Result::ok).filter_map(|line| self.executable(&line)).last();
        let status = child.wait().map_err(start)?;
        if !status.success() {
            return Err(ProjectError::Failed {
                program: format!("cargo build {} {}", self.kind.option(), self.program),
                status,
            });
        }
        built.ok_or_else(|| ProjectError::NotBuilt { name: self.program.clone() })
    }
}

/// Why a program has not said what it declares.
enum Silent {
    Start(std::io::Error),
    Fails(ExitStatus),
    Other(String),
}

fn manifest_of(binary: &Path) -> Result<String, Silent> {
    let mut command = Command::new(binary);
    command.env("BELDI_MANIFEST", "1").stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(Silent::Start)?;
    let mut stdout = child.stdout.take().expect("it is piped");
    // Read beside the waiting, or a long manifest would fill the pipe and never end.
    let said = thread::spawn(move || {
        let mut said = String::new();
        stdout.read_to_string(&mut said).map(|_| said)
    });
    let Some(status) = wait(&mut child).map_err(Silent::Start)? else {
        return Err(Silent::Other(format!("it runs for {} s", PATIENCE.as_secs())));
    };
    if !status.success() {
        return Err(Silent::Fails(status));
    }
    match said.join() {
        Ok(Ok(said)) if !said.trim().is_empty() => Ok(said),
        Ok(Ok(_)) => Err(Silent::Other("it prints nothing".to_owned())),
        _ => Err(Silent::Other("it prints no text".to_owned())),
    }
}

/// How a process ended; nothing if it had to be ended.
fn wait(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(PAUSE);
    }
    child.kill()?;
    child.wait().map(|_| None)
}
