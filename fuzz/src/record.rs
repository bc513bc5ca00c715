//! Journal records: intents, observations, outcomes, decisions, saved and prepared rows.
//!
//! Laws: nothing panics; what is sealed is intact; a part about a transaction that was read and written reads the same.

use beldi_core::fuzzing;

/// Checks the laws on these bytes.
pub fn check(data: &[u8]) {
    let Some(item) = super::attributes(data) else { return };
    let _ = fuzzing::read_record(&item);
    let _ = fuzzing::is_intact(&item);
    if let Some(context) = fuzzing::transaction(&item) {
        let json = serde_json::to_string(&context).expect("names and numbers are JSON");
        assert_eq!(serde_json::from_str(&json).ok(), Some(context));
    }
    if let Some(written) = fuzzing::part(&item) {
        assert_eq!(fuzzing::part(&written), Some(written));
    }
    let sealed = fuzzing::sealed(item);
    assert!(sealed.contains_key("result_checksum") || fuzzing::is_intact(&sealed));
}
