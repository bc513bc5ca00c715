//! `cargo beldi new`
//!
//! Invariant: a project is there as a whole, or not at all. Then the workspace above it is as it was.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use beldi_build::{ProjectError, Scaffold};
use cargo_metadata::MetadataCommand;

use super::Result;
use super::template::write;

/// Where this program was built from.
const BUILT_FROM: &str = env!("CARGO_MANIFEST_DIR");

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder of the project, whose last part is its name
    path: PathBuf,
    /// The folder of a checkout of beldi to use [default: the one that this program was built from, or else the release
    /// on crates.io]
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
    let scaffold = Scaffold::new(&name, beldi.as_deref())?;
    if folder.symlink_metadata().is_ok() {
        return Err(format!("{} exists already", path.display()).into());
    }
    if let Some(beldi) = folder.ancestors().find_map(checkout) {
        let beldi = beldi.display();
        return Err(format!("{} would be a part of beldi itself: make it outside of {beldi}", path.display()).into());
    }
    let above = Above::of(&folder)?;
    let in_workspace = make(&folder, scaffold).inspect_err(|_| {
        // What went wrong is told; that the rest of it cannot be removed either would add nothing.
        let _ = std::fs::remove_dir_all(&folder);
        above.restore();
    })?;
    println!("{} is a project of two services. Next:\n", path.display());
    println!("  cd {}", path.display());
    println!("  cargo test         # crashes the functions at every point");
    println!("  cargo beldi dev    # serves them on this machine, and again after each change");
    println!("  cargo beldi plan   # shows what a deployment consists of");
    println!("\nREADME.md in it says more.");
    if let Some(root) = in_workspace {
        println!("\nIt is in the workspace of {}, which should have these profiles:\n", root.display());
        print!("{}", Scaffold::profiles());
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder, if it has beldi's source in it.
fn checkout(folder: &Path) -> Option<PathBuf> {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let is_beldi = manifest.lines().any(|line| line == "name = \"beldi\"");
    is_beldi.then(|| folder.canonicalize().ok()).flatten()
}

/// The manifests above a project. Cargo makes it a member of the workspace that it finds there.
struct Above(Vec<(PathBuf, String)>);

impl Above {
    fn of(folder: &Path) -> Result<Self> {
        let files = folder.ancestors().skip(1).map(|above| above.join("Cargo.toml")).filter(|file| file.is_file());
        let read = |file: PathBuf| match std::fs::read_to_string(&file) {
            Ok(text) => Ok((file, text)),
            Err(source) => Err(ProjectError::File { path: file.display().to_string(), source }),
        };
        Ok(Self(files.map(read).collect::<std::result::Result<_, _>>()?))
    }

    /// As they were. What cargo did not change is not written either.
    fn restore(&self) {
        for (file, text) in &self.0 {
            if std::fs::read_to_string(file).is_ok_and(|found| found != *text) {
                let _ = std::fs::write(file, text);
            }
        }
    }
}

/// Cargo makes the package, with all that it knows of names, workspaces and version control. Then it is filled. Gives
/// the manifest of the workspace that it is in, if that is not its own.
fn make(folder: &Path, scaffold: Scaffold) -> Result<Option<PathBuf>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let status = cargo.args(["new", "--quiet", "--lib"]).arg(folder).stdin(Stdio::null()).status();
    let program = || "cargo new".to_owned();
    let status = status.map_err(|source| ProjectError::Start { program: program(), source, hint: "" })?;
    if !status.success() {
        return Err(ProjectError::Failed { program: program(), status }.into());
    }
    // Cargo succeeds also where the workspace cannot have such a member.
    let metadata = MetadataCommand::new().manifest_path(folder.join("Cargo.toml")).no_deps().exec();
    let root = metadata.map_err(ProjectError::Metadata)?.workspace_root.into_std_path_buf();
    let is_own = root == folder.canonicalize()? || root == folder;
    let scaffold = if is_own { scaffold } else { scaffold.in_workspace() };
    scaffold.files().into_iter().try_for_each(|(path, text)| write(&folder.join(path), &text))?;
    Ok((!is_own).then(|| root.join("Cargo.toml")))
}
