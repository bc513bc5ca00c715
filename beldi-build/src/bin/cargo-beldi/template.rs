//! `cargo beldi template`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use beldi_build::{ProjectError, template};

use super::Result;
use super::options::ProjectOptions;

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    project: ProjectOptions,
    /// Where to write it; the terminal when absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let project = options.project.project()?;
    let Some(output) = &options.output else {
        print!("{}", template(&options.project.plan(&project, project.directory())?));
        return Ok(ExitCode::SUCCESS);
    };
    let plan = options.project.plan(&project, folder_of(output))?;
    write(output, &template(&plan))?;
    println!("{} services and {} tables are in {}", plan.services.len(), plan.tables.len(), output.display());
    Ok(ExitCode::SUCCESS)
}

/// The folder that a file stands in.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file and the folders that it needs.
pub(crate) fn write(file: &Path, text: &str) -> Result<()> {
    let written = std::fs::create_dir_all(folder_of(file)).and_then(|()| std::fs::write(file, text));
    Ok(written.map_err(|source| ProjectError::File { path: file.display().to_string(), source })?)
}
