//! What can go wrong between a project and what is known of its program.

use std::io;

use crate::ManifestError;

/// A project cannot be found, built or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// Cargo does not know the project.
    #[error("the project cannot be read: {}", told(.0))]
    Metadata(#[from] cargo_metadata::Error),
    /// The workspace has several packages, or none of that name.
    #[error("{wanted}: name one of these with `--package`: {known}")]
    Package {
        /// What was looked for.
        wanted: String,
        /// The packages of the workspace.
        known: String,
    },
    /// The settings are wrong.
    #[error("`[package.metadata.beldi]` in {file}: {source}")]
    Settings {
        /// The `Cargo.toml`.
        file: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The program is not named, or is none of the package's.
    #[error(
        "{wanted} in {file}: name the program with `bin` or `example` in `[package.metadata.beldi]`, or with `--bin` or `--example`; there {known}"
    )]
    Target {
        /// What was looked for.
        wanted: String,
        /// The `Cargo.toml`.
        file: String,
        /// The programs of the package.
        known: String,
    },
    /// The deployed binary is to be built with a feature that is not there.
    #[error(
        "`lambda-features` in `[package.metadata.beldi]` of {file} names the feature `{feature}`, which the package does not have. It has {known}"
    )]
    Feature {
        /// The feature.
        feature: String,
        /// The `Cargo.toml`.
        file: String,
        /// Those that are there.
        known: String,
    },
    /// Another program cannot be started.
    #[error("`{program}` cannot be started: {source}{hint}")]
    Start {
        /// The program.
        program: String,
        /// Why not.
        #[source]
        source: io::Error,
        /// How to get it.
        hint: &'static str,
    },
    /// Another program has failed, and has said why.
    #[error("`{program}` failed ({status})")]
    Failed {
        /// The program and what it was to do.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// Cargo has built everything but the program.
    #[error("cargo has built no program `{name}`")]
    NotBuilt {
        /// The program.
        name: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The path.
        path: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The program does not say what it declares.
    #[error(
        "`{name}` does not print its manifest when it is started with BELDI_MANIFEST=1 ({what}): let its `main` be `beldi::main()`, or let it call `beldi::Program::deployed` before anything else and return what that gives"
    )]
    NoManifest {
        /// The program.
        name: String,
        /// What it did.
        what: String,
    },
    /// The program fails when it is to say what it declares, and has said why.
    #[error(
        "`{name}` fails when it is started with BELDI_MANIFEST=1 ({status}), and has said why above. If those are not beldi's words: let its `main` be `beldi::main()`, or let it call `beldi::Program::deployed` before anything else and return what that gives"
    )]
    Fails {
        /// The program.
        name: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// The program says something that is no manifest.
    #[error("the manifest that `{name}` prints cannot be used: {source}")]
    Manifest {
        /// The program.
        name: String,
        /// What is wrong.
        #[source]
        source: ManifestError,
    },
}

/// What cargo says, without the words that it puts before every error.
fn told(error: &cargo_metadata::Error) -> String {
    match error {
        cargo_metadata::Error::CargoMetadata { stderr } => stderr.trim().trim_start_matches("error: ").to_owned(),
        error => error.to_string(),
    }
}
