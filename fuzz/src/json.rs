//! The canonical spelling of JSON, which arguments and calls are compared by.
//!
//! Laws: it is a fixed point; it means what the text means; a text that is no JSON stays as it is.

use beldi_core::fuzzing;
use serde_json::Value;

use super::Found;

/// Checks the laws on these bytes. Gives what they are.
pub fn check(data: &[u8]) -> Found {
    let text = super::text(data);
    for as_sets in [false, true] {
        let canonical = fuzzing::canonical_json(text, as_sets);
        assert_eq!(fuzzing::canonical_json(&canonical, as_sets), canonical);
        match serde_json::from_str::<Value>(text) {
            Err(_) => {}
            Ok(value) => {
                let again: Value = serde_json::from_str(&canonical).expect("JSON stays JSON");
                assert!(as_sets || again == value, "{canonical}");
            }
        }
    }
    if serde_json::from_str::<&serde_json::value::RawValue>(text).is_err() {
        assert_eq!(fuzzing::canonical_json(text, false), text);
        return vec!["other text"];
    }
    vec!["JSON"]
}
