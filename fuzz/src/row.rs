//! Rows and segments: the row log and its entries, epochs, locks.
//!
//! Laws: nothing panics; nothing of the protocol's is shown to users.

use beldi_core::fuzzing;

use super::Found;

/// Checks the laws on these bytes. Gives what they are.
pub fn check(data: &[u8]) -> Found {
    let mut found = Found::new();
    let Some(item) = super::attributes(data) else { return found };
    if let Ok(log) = fuzzing::read_row(&item) {
        found.push("row");
        log.iter().map(|entry| fuzzing::start_of(entry)).for_each(|_| ());
    }
    let name = fuzzing::row_name("rooms", &item);
    assert!(name.starts_with("row/rooms/"));
    if let Some(own) = fuzzing::user_attributes(item) {
        found.push("user's attributes");
        assert!(own.keys().all(|name| !name.starts_with("_beldi_")));
    }
    found
}
