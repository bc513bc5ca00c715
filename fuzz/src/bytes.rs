//! What is binary: entries of row logs, step paths in them, owners of locks; and what is text: ids and step paths.
//!
//! Law: what was read is what writes these bytes, so that no two of them stand for one thing.

use beldi_core::{InstanceId, StepPath, fuzzing};

use super::Found;

/// Checks the laws on these bytes. Gives what they are.
pub fn check(data: &[u8]) -> Found {
    let mut found = Found::new();
    fuzzing::start_of(data);
    if let Some(written) = fuzzing::path_bytes(data) {
        found.push("binary path");
        assert_eq!(written, data);
    }
    if let Some(written) = fuzzing::owner(data) {
        found.push("owner");
        assert_eq!(written, data);
    }
    let Ok(text) = std::str::from_utf8(data) else { return found };
    if let Ok(path) = text.parse::<StepPath>() {
        found.push("path");
        assert_eq!(path.to_string(), text);
    }
    if let Ok(id) = text.parse::<InstanceId>() {
        found.push("instance");
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
    }
    found
}
