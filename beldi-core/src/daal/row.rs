//! What a row says besides the user's attributes.

use serde_dynamo::AttributeValue;

use super::{DELETED, EPOCH, FIRST, LOG};
use crate::attributes::{canonical_all, get_u64, key_text};
use crate::ids::digest;
use crate::store::Attributes;

/// The protocol's part of a row, as a read or a failed condition shows it.
#[derive(Debug, Default, Clone)]
pub(crate) struct RowState {
    /// Whether there is an item at all, a tombstone included.
    pub(crate) present: bool,
    /// The entries of the row log.
    pub(crate) log: Vec<Vec<u8>>,
    /// The epoch.
    pub(crate) epoch: u64,
    /// The first live epoch.
    pub(crate) first: u64,
}

impl RowState {
    /// The state of a row; a row that does not exist is at epoch 0 with an empty log.
    pub(crate) fn of(item: Option<&Attributes>) -> Self {
        let Some(item) = item else { return Self::default() };
        let log = match item.get(LOG) {
            Some(AttributeValue::Bs(entries)) => entries.clone(),
            _ => Vec::new(),
        };
        let epoch = get_u64(item, EPOCH).unwrap_or(0);
        let first = get_u64(item, FIRST).unwrap_or(0);
        debug_assert!(first <= epoch, "the first live epoch is never behind the epoch");
        Self { present: true, log, epoch, first }
    }
}

/// The user's attributes of a row; `None` for a row that does not exist or is a tombstone.
pub(crate) fn user_attributes(item: Option<Attributes>) -> Option<Attributes> {
    let mut item = item.filter(|item| !item.contains_key(DELETED))?;
    item.retain(|name, _| !name.starts_with("_beldi_"));
    Some(item)
}

/// The name of a row in the journal table: the partition of its segments, and in the memory of an attempt.
pub(crate) fn row_name(table: &str, key: &Attributes) -> String {
    let digest = digest(&[&canonical_all(key)]);
    format!("row/{table}/{digest:032x}/{}", key_text(key).chars().take(256).collect::<String>())
}
