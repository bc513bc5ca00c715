//! Manifests, as deployment tools read them.
//!
//! Law: what was read and written reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(manifest) = beldi_build::read(text) {
        let json = serde_json::to_string(&manifest).expect("a manifest is JSON");
        assert_eq!(beldi_build::read(&json).expect("a manifest"), manifest);
    }
});
