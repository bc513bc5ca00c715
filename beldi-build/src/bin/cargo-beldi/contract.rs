//! `cargo beldi contract`

use std::path::PathBuf;
use std::process::ExitCode;

use beldi_build::contract;

use super::Result;
use super::options::ProjectOptions;
use super::template::write;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The service that others want to call
    service: String,
    #[command(flatten)]
    project: ProjectOptions,
    /// Where to write it; the terminal when absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(Options { service, project, output }: &Options) -> Result<ExitCode> {
    let manifest = project.manifest()?;
    let Some(declaration) = contract(&manifest, service) else {
        let services: Vec<_> = manifest.services.iter().map(|service| format!("`{}`", service.name)).collect();
        return Err(format!("there is no service `{service}` in this program, but {}", services.join(", ")).into());
    };
    match output {
        None => print!("{declaration}"),
        Some(output) => {
            write(output, &declaration)?;
            println!("{} declares the service `{service}`; include it in the program that calls it", output.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
