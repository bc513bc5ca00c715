//! `cargo beldi plan`

use std::process::ExitCode;

use super::Result;
use super::options::ProjectOptions;

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    project: ProjectOptions,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let project = options.project.project()?;
    println!("{}", options.project.plan(&project, project.directory())?);
    Ok(ExitCode::SUCCESS)
}
