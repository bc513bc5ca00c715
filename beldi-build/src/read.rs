//! JSON to a checked manifest.
//!
//! Invariant: the version is looked at before anything else, so that a manifest of a later format is told
//! as such, and not by the first field that is new in it.

use std::path::Path;

use beldi_core::manifest::{MANIFEST_VERSION, Manifest};
use serde::Deserialize;

use crate::check::check;
use crate::error::ManifestError;

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// The manifest that a JSON text stands for.
///
/// # Errors
///
/// A text that is no JSON or no manifest, one of another version of the format, and one that contradicts
/// itself: then every contradiction is named.
pub fn read(json: &str) -> Result<Manifest, ManifestError> {
    let Versioned { version } = serde_json::from_str(json)?;
    if version != MANIFEST_VERSION {
        return Err(ManifestError::Version { found: version });
    }
    let manifest = serde_json::from_str(json)?;
    check(&manifest)?;
    Ok(manifest)
}

/// The manifest in a file.
///
/// # Errors
///
/// Those of [`read`], and a file that cannot be read.
pub fn read_file(path: impl AsRef<Path>) -> Result<Manifest, ManifestError> {
    let path = path.as_ref();
    let json = std::fs::read_to_string(path)
        .map_err(|source| ManifestError::File { path: path.display().to_string(), source })?;
    read(&json)
}
