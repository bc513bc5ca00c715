//! What a project says of its deployment: `[package.metadata.beldi]` in its `Cargo.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::ProjectError;

/// `[package.metadata.beldi]`. Everything has a default.
///
/// ```
/// let settings: beldi_build::Settings = serde_json::from_str(r#"{ "stack": "shop", "http": ["orders"] }"#)?;
/// assert!(settings.http.contains("orders"));
/// assert!(settings.adopt.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// The name of the CloudFormation stack; the package's name when absent.
    pub stack: Option<String>,
    /// The services that get a function URL, which takes requests signed by IAM identities of the account.
    pub http: BTreeSet<String>,
    /// The tables that exist already: they are used and not created.
    pub adopt: BTreeSet<String>,
    /// The services of other programs that this one calls, each with its Lambda function and its qualifier.
    pub remote: BTreeMap<String, String>,
    /// The binary that is deployed.
    pub bin: Option<String>,
    /// The example that is deployed, in place of a binary.
    pub example: Option<String>,
    /// The features that the deployed binary is built with.
    pub lambda_features: Vec<String>,
}

impl Settings {
    /// The settings that a `Cargo.toml` has.
    pub(super) fn deserialize_from(settings: &serde_json::Value, file: &Path) -> Result<Self, ProjectError> {
        Self::deserialize(settings)
            .map_err(|source| ProjectError::Settings { file: file.display().to_string(), source })
    }
}
