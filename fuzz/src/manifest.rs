//! Manifests, as deployment tools read them.
//!
//! Law: what was read and written reads the same.

/// Checks the laws on these bytes.
pub fn check(data: &[u8]) {
    let text = super::text(data);
    if let Ok(manifest) = beldi_build::read(text) {
        let json = serde_json::to_string(&manifest).expect("a manifest is JSON");
        assert_eq!(beldi_build::read(&json).expect("a manifest"), manifest);
    }
}
