//! The template of the travel reservation, as AWS would read it.
//!
//! A linter hardly looks into AWS SAM, so the template is transformed first. What neither the transform nor the linter
//! sees (schedules, the rights of roles) is checked by the tests of `beldi-build`.

use std::fs::File;
use std::process::Command;

use super::{Result, run_command};
use crate::cargo;
use crate::tools;

const TEMPLATE: &str = "tests/templates/travel.yaml";

/// Nothing in the golden file is an error or a warning.
pub(super) fn lint() -> Result<()> {
    let python = tools::PYTHON.directory()?;
    let transformed = cargo::target_directory().join("tools/travel.json");
    let mut transform = Command::new(python.join("python"));
    transform.args(["xtask/src/ci/transform.py", TEMPLATE]).stdout(File::create(&transformed)?);
    run_command(&mut transform)?;
    let mut lint = Command::new(python.join("cfn-lint"));
    run_command(lint.args(["--regions", "eu-central-1", "--"]).arg(&transformed))
}
