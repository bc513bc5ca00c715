//! Programs of others, called as a person would call them.

use std::process::{Command, Output};

use beldi_build::ProjectError;

use super::Result;

/// A program that is no part of beldi, and where to get it.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) hint: &'static str,
}

pub(crate) const CARGO_LAMBDA: Program = Program {
    name: "cargo-lambda",
    hint: ". Install it with `pip install cargo-lambda`, or as https://www.cargo-lambda.info says",
};

pub(crate) const SAM: Program = Program {
    name: "sam",
    hint: ". Install it with `pip install aws-sam-cli`, or as the guide of the AWS SAM CLI says",
};

pub(crate) const AWS: Program =
    Program { name: "aws", hint: ". Install it with `pip install awscli`, or as the guide of the AWS CLI says" };

impl Program {
    pub(crate) fn command(&self) -> Command {
        Command::new(self.name)
    }

    /// Runs it, with what it prints on the terminal.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        let status = command.status().map_err(|source| self.cannot_start(source))?;
        if status.success() {
            return Ok(());
        }
        Err(ProjectError::Failed { program: self.name.to_owned(), status }.into())
    }

    /// Runs it, and gives what it prints.
    pub(crate) fn output(&self, command: &mut Command) -> Result<Output> {
        Ok(command.output().map_err(|source| self.cannot_start(source))?)
    }

    fn cannot_start(&self, source: std::io::Error) -> ProjectError {
        ProjectError::Start { program: self.name.to_owned(), source, hint: self.hint }
    }
}
