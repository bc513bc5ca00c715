//! Rows and segments: the row log and its entries, epochs, locks.
//!
//! Laws: nothing panics; nothing of the protocol's is shown to users.

use beldi_core::fuzzing;

/// Checks the laws on these bytes.
pub fn check(data: &[u8]) {
    let Some(item) = super::attributes(data) else { return };
    if let Ok(log) = fuzzing::read_row(&item) {
        log.iter().map(|entry| fuzzing::start_of(entry)).for_each(|_| ());
    }
    let name = fuzzing::row_name("rooms", &item);
    assert!(name.starts_with("row/rooms/"));
    let own = fuzzing::user_attributes(item).unwrap_or_default();
    assert!(own.keys().all(|name| !name.starts_with("_beldi_")));
}
