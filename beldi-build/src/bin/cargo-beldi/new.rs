//! `cargo beldi new`
//!
//! Invariant: a project is there as a whole, or not at all.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use beldi_build::{ProjectError, Scaffold};

use super::Result;
use super::template::write;

/// Where this program was built from.
const BUILT_FROM: &str = env!("CARGO_MANIFEST_DIR");

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder of the project, whose last part is its name
    path: PathBuf,
    /// The folder of a checkout of beldi to use, instead of the release on crates.io
    #[arg(long, value_name = "FOLDER")]
    beldi: Option<PathBuf>,
}

pub(crate) fn run(Options { path, beldi }: &Options) -> Result<ExitCode> {
    let folder = std::path::absolute(path)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beldi = match beldi {
        Some(beldi) => Some(checkout(beldi).ok_or_else(|| format!("{} is no checkout of beldi", beldi.display()))?),
        None => Path::new(BUILT_FROM).parent().and_then(checkout),
    };
    let mut scaffold = Scaffold::new(&name, beldi.as_deref())?;
    if folder.ancestors().skip(1).any(|above| above.join("Cargo.toml").is_file()) {
        scaffold = scaffold.in_workspace();
    }
    if folder.symlink_metadata().is_ok() {
        return Err(format!("{} exists already", path.display()).into());
    }
    make(&folder, &scaffold).inspect_err(|_| {
        // What went wrong is told; that the rest of it cannot be removed either would add nothing.
        let _ = std::fs::remove_dir_all(&folder);
    })?;
    println!("{} is a project of two services. Next:\n", path.display());
    println!("  cd {}", path.display());
    println!("  cargo test         # crashes the functions at every point");
    println!("  cargo beldi dev    # serves them on this machine, and again after each change");
    println!("  cargo beldi plan   # shows what a deployment consists of");
    println!("\nREADME.md in it says more.");
    Ok(ExitCode::SUCCESS)
}

/// The folder, if it has beldi's source in it.
fn checkout(folder: &Path) -> Option<PathBuf> {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let is_beldi = manifest.lines().any(|line| line == "name = \"beldi\"");
    is_beldi.then(|| folder.canonicalize().ok()).flatten()
}

/// Cargo makes the package, with all that it knows of names, workspaces and version control. Then it is filled.
fn make(folder: &Path, scaffold: &Scaffold) -> Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let status = cargo.args(["new", "--quiet", "--lib"]).arg(folder).stdin(Stdio::null()).status();
    let program = || "cargo new".to_owned();
    let status = status.map_err(|source| ProjectError::Start { program: program(), source, hint: "" })?;
    if !status.success() {
        return Err(ProjectError::Failed { program: program(), status }.into());
    }
    scaffold.files().into_iter().try_for_each(|(path, text)| write(&folder.join(path), &text))
}
