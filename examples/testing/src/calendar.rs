//! Stands for somebody else's crate: what it does inside, the macro cannot see.

use std::time::{SystemTime, UNIX_EPOCH};

/// A moment as a text, as invoices have it.
pub fn stamp(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("day {}, {} ms", since.as_secs() / 86_400, since.as_millis() % 86_400_000)
}

/// The same for this moment.
pub fn stamp_of_today() -> String {
    stamp(SystemTime::now())
}
