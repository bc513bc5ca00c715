//! Programs of others that the gate runs.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::cargo;
use crate::ci::{Result, cargo_command, run_command};

pub(crate) const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2", features: &[] };
/// Without its server, which takes as long to build as all the rest of it.
pub(crate) const MDBOOK: Tool = Tool { name: "mdbook", version: "0.5.4", features: &["--no-default-features"] };

/// What transforms and lints templates.
pub(crate) const PYTHON: Python =
    Python { name: "templates", packages: &["aws-sam-translator==1.110.0", "cfn-lint==1.58.0", "PyYAML==6.0.4"] };

/// What builds for AWS Lambda.
pub(crate) const CARGO_LAMBDA: Python =
    Python { name: "cargo-lambda", packages: &["cargo-lambda==1.9.2", "ziglang==0.17.1"] };

/// A program that is no part of the workspace.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
    features: &'static [&'static str],
}

impl Tool {
    /// Where it is: in `PATH`, or in `target/tools`, where it is built if need be.
    pub(crate) fn path(&self) -> Result<OsString> {
        if self.is_at(self.name.as_ref()) {
            return Ok(self.name.into());
        }
        let tools = cargo::target_directory().join("tools");
        let path = tools.join("bin").join(self.name);
        if self.is_at(path.as_os_str()) {
            return Ok(path.into());
        }
        // Built without optimisation: it runs once, for a second.
        let mut install = cargo_command(&["install", "--debug", "--locked", self.name, "--version", self.version]);
        install.args(self.features).arg("--root").arg(&tools);
        install.env("CARGO_TARGET_DIR", tools.join("build")).env("CARGO_PROFILE_DEV_DEBUG", "0");
        run_command(&mut install)?;
        Ok(path.into())
    }

    fn is_at(&self, path: &OsStr) -> bool {
        let output = Command::new(path).arg("--version").stderr(Stdio::null()).output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(self.version))
    }
}

/// Packages of PyPI, in an environment of their own in `target/tools`.
pub(crate) struct Python {
    name: &'static str,
    packages: &'static [&'static str],
}

impl Python {
    /// The folder of its programs, after everything is installed.
    pub(crate) fn directory(&self) -> Result<PathBuf> {
        let environment = cargo::target_directory().join("tools").join(self.name);
        let directory = environment.join("bin");
        // Written last: an installation that was interrupted is made again.
        let installed = environment.join("installed");
        let wanted = self.packages.join("\n");
        if std::fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
            return Ok(directory);
        }
        run_command(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        let mut install = Command::new(directory.join("pip"));
        run_command(install.args(["install", "--quiet", "--disable-pip-version-check"]).args(self.packages))?;
        std::fs::write(installed, wanted)?;
        Ok(directory)
    }
}
