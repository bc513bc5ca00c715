//! Journal records: intents, observations, outcomes, decisions, saved and prepared rows.
//!
//! Laws: nothing panics; what is sealed is intact; a part about a transaction that was read and written reads the same.

use beldi_core::fuzzing;

use super::Found;

/// Checks the laws on these bytes. Gives what they are.
pub fn check(data: &[u8]) -> Found {
    let mut found = Found::new();
    let Some(item) = super::attributes(data) else { return found };
    if fuzzing::read_record(&item).is_ok() {
        found.push("record");
    }
    if fuzzing::is_intact(&item) {
        found.push("intact");
    }
    if let Some(context) = fuzzing::transaction(&item) {
        found.push("transaction");
        let json = serde_json::to_string(&context).expect("names and numbers are JSON");
        assert_eq!(serde_json::from_str(&json).ok(), Some(context));
    }
    if let Some(written) = fuzzing::part(&item) {
        found.push("part");
        assert_eq!(fuzzing::part(&written), Some(written));
    }
    let sealed = fuzzing::sealed(item);
    assert!(sealed.contains_key("result_checksum") || fuzzing::is_intact(&sealed));
    found
}
