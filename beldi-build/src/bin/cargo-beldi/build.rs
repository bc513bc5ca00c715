//! `cargo beldi build`

use std::process::ExitCode;

use beldi_build::{Architecture, Project, ProjectError};

use super::Result;
use super::options::ProjectOptions;
use super::run::CARGO_LAMBDA;

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    project: ProjectOptions,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    build(&options.project, &options.project.project()?)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds the binary of all services, packed, without what only a development machine needs: the default features.
pub(crate) fn build(options: &ProjectOptions, project: &Project) -> Result<()> {
    let mut command = CARGO_LAMBDA.command();
    command.args(["lambda", "build", "--release", "--output-format", "zip", "--no-default-features"]);
    command.arg(match options.architecture() {
        Architecture::X86_64 => "--x86-64",
        Architecture::Arm64 => "--arm64",
    });
    let features = &project.settings.lambda_features;
    if !features.is_empty() {
        command.arg("--features").arg(features.join(","));
    }
    command.arg("--lambda-dir").arg(project.lambda_directory());
    command.args(project.cargo_arguments()).args(options.cargo_arguments());
    CARGO_LAMBDA.run(&mut command)?;
    let archive = project.archive();
    let size = std::fs::metadata(&archive)
        .map_err(|source| ProjectError::File { path: archive.display().to_string(), source })?
        .len();
    println!("{} has {:.1} MB and is every service", archive.display(), size as f64 / 1e6);
    Ok(())
}
