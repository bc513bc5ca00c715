//! What most commands need to know: which program, for which processor.

use std::path::{Path, PathBuf};

use beldi_build::{Architecture, Choice, Manifest, Plan, Project, relative};
use clap::ValueEnum;

use super::Result;

#[derive(clap::Args)]
pub(crate) struct ProjectOptions {
    /// The Cargo.toml of the project
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// The package of the workspace
    #[arg(short, long, value_name = "NAME")]
    package: Option<String>,
    /// The binary that is deployed
    #[arg(long, value_name = "NAME", conflicts_with = "example")]
    bin: Option<String>,
    /// The example that is deployed
    #[arg(long, value_name = "NAME")]
    example: Option<String>,
    /// The processor of the Lambda functions
    #[arg(long, value_enum, default_value_t = Arch::X86_64)]
    arch: Arch,
    /// A further argument for cargo, such as `--locked`; may be repeated
    #[arg(long = "cargo-arg", value_name = "ARG", allow_hyphen_values = true)]
    cargo_arguments: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Arch {
    #[value(name = "x86_64")]
    X86_64,
    #[value(name = "arm64")]
    Arm64,
}

impl ProjectOptions {
    pub(crate) fn project(&self) -> Result<Project> {
        let Self { manifest_path, package, bin, example, .. } = self;
        let (manifest_path, package) = (manifest_path.clone(), package.clone());
        let choice = Choice { manifest_path, package, bin: bin.clone(), example: example.clone() };
        Ok(Project::locate(&choice)?)
    }

    /// The plan, for a template that stands in the folder `from`.
    pub(crate) fn plan(&self, project: &Project, from: &Path) -> Result<Plan> {
        let from = std::path::absolute(from)?;
        let program = project.ask(relative(&from, &project.archive()), &self.cargo_arguments)?;
        Ok(Plan::of(&program, self.architecture())?)
    }

    /// What the program declares.
    pub(crate) fn manifest(&self) -> Result<Manifest> {
        let project = self.project()?;
        Ok(project.ask(String::new(), &self.cargo_arguments)?.manifest)
    }

    pub(crate) fn architecture(&self) -> Architecture {
        match self.arch {
            Arch::X86_64 => Architecture::X86_64,
            Arch::Arm64 => Architecture::Arm64,
        }
    }

    pub(crate) fn cargo_arguments(&self) -> &[String] {
        &self.cargo_arguments
    }
}
