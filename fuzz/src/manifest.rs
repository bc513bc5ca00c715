//! Manifests, as deployment tools read them.
//!
//! Law: what was read and written reads the same.

use super::Found;

/// Checks the laws on these bytes. Gives what they are.
pub fn check(data: &[u8]) -> Found {
    let text = super::text(data);
    let Ok(manifest) = beldi_build::read(text) else { return Found::new() };
    let json = serde_json::to_string(&manifest).expect("a manifest is JSON");
    assert_eq!(beldi_build::read(&json).expect("a manifest"), manifest);
    vec!["manifest"]
}
