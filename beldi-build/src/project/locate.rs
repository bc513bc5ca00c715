//! Finds the project and the program in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};

use super::{ProjectError, Settings};

/// Which program is meant, as far as the user says.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The `Cargo.toml`; the one above the current folder when absent.
    pub manifest_path: Option<PathBuf>,
    /// The package; the only one when absent.
    pub package: Option<String>,
    /// A binary of it.
    pub bin: Option<String>,
    /// An example of it.
    pub example: Option<String>,
}

/// What cargo calls the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `--bin`
    Bin,
    /// `--example`
    Example,
}

impl Kind {
    /// The option of cargo that builds such a program.
    pub fn option(self) -> &'static str {
        match self {
            Self::Bin => "--bin",
            Self::Example => "--example",
        }
    }
}

/// A project, and the program in it that is deployed.
#[derive(Debug, Clone)]
pub struct Project {
    /// The name of the package.
    pub package: String,
    /// Its `Cargo.toml`.
    pub file: PathBuf,
    /// Where cargo puts what it builds.
    pub target_directory: PathBuf,
    /// Whether the program is a binary or an example.
    pub kind: Kind,
    /// The name of the program.
    pub program: String,
    /// What the project wants.
    pub settings: Settings,
}

impl Project {
    /// Finds the project.
    ///
    /// ```
    /// use beldi_build::{Choice, Kind, Project};
    ///
    /// // The package that this example is a part of has one binary.
    /// let project = Project::locate(&Choice::default())?;
    /// assert_eq!((project.kind, project.program.as_str()), (Kind::Bin, "cargo-beldi"));
    /// # Ok::<(), beldi_build::ProjectError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// No project, settings that are wrong, and a choice that is not clear.
    pub fn locate(choice: &Choice) -> Result<Self, ProjectError> {
        let mut command = MetadataCommand::new();
        command.no_deps();
        if let Some(path) = &choice.manifest_path {
            command.manifest_path(path);
        }
        let metadata = command.exec()?;
        let package = find_package(&metadata, choice)?;
        let file = package.manifest_path.clone().into_std_path_buf();
        let settings = match &package.metadata["beldi"] {
            serde_json::Value::Null => Settings::default(),
            settings => Settings::deserialize_from(settings, &file)?,
        };
        check_features(package, &settings)?;
        let (kind, program) = find_program(package, choice, &settings)?;
        let target_directory = metadata.target_directory.clone().into_std_path_buf();
        Ok(Self { package: package.name.to_string(), file, target_directory, kind, program, settings })
    }

    /// The folder of the package.
    pub fn directory(&self) -> &Path {
        self.file.parent().unwrap_or(&self.file)
    }

    /// The folders of all packages on this machine that the program may be made of: those of the workspace, and those
    /// that they name by a path.
    ///
    /// # Errors
    ///
    /// A project that cargo cannot read.
    pub fn source_folders(&self) -> Result<BTreeSet<PathBuf>, ProjectError> {
        let metadata = MetadataCommand::new().manifest_path(&self.file).exec()?;
        // What comes from a registry or a repository has a source, and does not change.
        let local = metadata.packages.iter().filter(|package| package.source.is_none());
        Ok(local.filter_map(|package| Some(package.manifest_path.parent()?.into())).collect())
    }

    /// Where the packed binary for AWS Lambda is put.
    pub fn archive(&self) -> PathBuf {
        self.lambda_directory().join(&self.program).join("bootstrap.zip")
    }

    /// Where cargo-lambda puts what it builds.
    pub fn lambda_directory(&self) -> PathBuf {
        self.target_directory.join("lambda")
    }

    /// What cargo needs to know which program is meant.
    pub fn cargo_arguments(&self) -> Vec<std::ffi::OsString> {
        let program = [self.kind.option().into(), self.program.clone().into()];
        ["--manifest-path".into(), self.file.clone().into()].into_iter().chain(program).collect()
    }
}

/// The package that is named, or the one that the folder is in, or the only one.
fn find_package<'a>(metadata: &'a Metadata, choice: &Choice) -> Result<&'a Package, ProjectError> {
    let packages = metadata.workspace_packages();
    let wanted = choice.package.as_deref();
    let found = match wanted {
        Some(wanted) => packages.iter().find(|package| package.name == wanted),
        None => {
            let file = file_of(choice);
            packages.iter().find(|package| Some(package.manifest_path.as_std_path()) == file.as_deref()).or(
                match packages.as_slice() {
                    [package] => Some(package),
                    _ => None,
                },
            )
        }
    };
    found.copied().ok_or_else(|| ProjectError::Package {
        wanted: match wanted {
            Some(wanted) => format!("there is no package `{wanted}` in this workspace"),
            None => "the workspace has several packages".to_owned(),
        },
        known: names(packages.iter().map(|package| package.name.to_string())),
    })
}

/// The `Cargo.toml` that is named, or the one that cargo would find from here.
fn file_of(choice: &Choice) -> Option<PathBuf> {
    if let Some(path) = &choice.manifest_path {
        return path.canonicalize().ok();
    }
    let folder = std::env::current_dir().ok()?;
    folder.ancestors().map(|folder| folder.join("Cargo.toml")).find(|file| file.is_file())
}

fn find_program(package: &Package, choice: &Choice, settings: &Settings) -> Result<(Kind, String), ProjectError> {
    let programs = |kind: &TargetKind| {
        let of_kind = package.targets.iter().filter(|target| target.kind.contains(kind));
        of_kind.map(|target| target.name.clone()).collect::<Vec<_>>()
    };
    let (bins, examples) = (programs(&TargetKind::Bin), programs(&TargetKind::Example));
    let chosen = choice.bin.as_ref().map(|name| (Kind::Bin, name));
    let chosen = chosen.or(choice.example.as_ref().map(|name| (Kind::Example, name)));
    let chosen = chosen.or(settings.bin.as_ref().map(|name| (Kind::Bin, name)));
    let chosen = chosen.or(settings.example.as_ref().map(|name| (Kind::Example, name)));
    let wanted = match (chosen, bins.as_slice()) {
        (Some((Kind::Bin, name)), _) if bins.contains(name) => return Ok((Kind::Bin, name.clone())),
        (Some((Kind::Example, name)), _) if examples.contains(name) => return Ok((Kind::Example, name.clone())),
        (Some((kind, name)), _) => format!("there is no `{} {name}`", kind.option()),
        (None, [only]) => return Ok((Kind::Bin, only.clone())),
        (None, []) => "there is no binary".to_owned(),
        (None, _) => "there are several binaries".to_owned(),
    };
    let known = match (bins.is_empty(), examples.is_empty()) {
        (true, true) => "is none".to_owned(),
        (false, true) => format!("are the binaries {}", names(bins)),
        (true, false) => format!("are the examples {}", names(examples)),
        (false, false) => format!("are the binaries {} and the examples {}", names(bins), names(examples)),
    };
    Err(ProjectError::Target { wanted, file: package.manifest_path.to_string(), known })
}

/// Cargo would say so too, at the end of minutes.
fn check_features(package: &Package, settings: &Settings) -> Result<(), ProjectError> {
    // A feature of a dependency has its name before it, and cargo knows those.
    let is_own = |feature: &&String| !feature.contains('/');
    let unknown =
        settings.lambda_features.iter().filter(is_own).find(|feature| !package.features.contains_key(*feature));
    unknown.map_or(Ok(()), |feature| {
        Err(ProjectError::Feature {
            feature: feature.clone(),
            file: package.manifest_path.to_string(),
            known: match package.features.is_empty() {
                true => "none".to_owned(),
                false => names(package.features.keys().cloned()),
            },
        })
    })
}

fn names(names: impl IntoIterator<Item = String>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
