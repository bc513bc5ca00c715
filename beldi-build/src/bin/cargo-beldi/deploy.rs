//! `cargo beldi deploy`
//!
//! Invariant: nothing is applied that was not shown. The plan comes first, and `sam` asks before it changes anything
//! unless it was told not to.

use std::process::ExitCode;

use beldi_build::{relative, template};

use super::options::ProjectOptions;
use super::run::SAM;
use super::template::{folder_of, write};
use super::{Result, build};

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    project: ProjectOptions,
    /// Apply the changes without asking
    #[arg(short, long)]
    yes: bool,
    /// Further arguments for `sam deploy`, such as `--region eu-central-1`
    #[arg(last = true)]
    sam_arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    // Known before minutes of building.
    SAM.output(SAM.command().arg("--version"))?;
    let project = options.project.project()?;
    let file = project.target_directory.join("beldi").join(format!("{}.yaml", project.program));
    let mut plan = options.project.plan(&project, project.directory())?;
    println!("{plan}\n");
    build::build(&options.project, &project)?;
    plan.code = relative(folder_of(&file), &project.archive());
    write(&file, &template(&plan))?;
    let mut deploy = SAM.command();
    deploy.args(["deploy", "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset"]);
    deploy.arg(if options.yes { "--no-confirm-changeset" } else { "--confirm-changeset" });
    deploy.args(["--stack-name", &plan.stack]).arg("--template-file").arg(&file).args(&options.sam_arguments);
    SAM.run(&mut deploy)?;
    Ok(ExitCode::SUCCESS)
}
