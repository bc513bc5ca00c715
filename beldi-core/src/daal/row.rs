//! What a row says besides the user's attributes.

use serde_dynamo::AttributeValue;

use super::{DELETED, EPOCH, FIRST, HOLDER, LOCK, LOG, READERS};
use crate::attributes::{canonical_all, get_string, get_u64, key_text, string};
use crate::ids::digest;
use crate::store::Attributes;

/// The protocol's part of a row, as a read or a failed condition shows it.
#[derive(Debug, Default, Clone)]
pub(crate) struct RowState {
    /// Whether there is an item at all, a tombstone included.
    pub(crate) present: bool,
    /// Whether it is a tombstone.
    pub(crate) tombstone: bool,
    /// The entries of the row log.
    pub(crate) log: Vec<Vec<u8>>,
    /// The epoch.
    pub(crate) epoch: u64,
    /// The first live epoch.
    pub(crate) first: u64,
    /// Who holds the row alone.
    pub(crate) lock: Option<Vec<u8>>,
    /// The instance that took the lock.
    pub(crate) holder: Option<Vec<u8>>,
    /// Who holds the row together.
    pub(crate) readers: Vec<Vec<u8>>,
}

impl RowState {
    /// The state of a row; a row that does not exist is at epoch 0 with an empty log.
    pub(crate) fn of(item: Option<&Attributes>) -> Self {
        let Some(item) = item else { return Self::default() };
        let set = |name: &str| match item.get(name) {
            Some(AttributeValue::Bs(entries)) => entries.clone(),
            _ => Vec::new(),
        };
        let bytes = |name: &str| match item.get(name) {
            Some(AttributeValue::B(bytes)) => Some(bytes.clone()),
            _ => None,
        };
        let epoch = get_u64(item, EPOCH).unwrap_or(0);
        let first = get_u64(item, FIRST).unwrap_or(0);
        debug_assert!(first <= epoch, "the first live epoch is never behind the epoch");
        let (log, readers) = (set(LOG), set(READERS));
        let tombstone = item.contains_key(DELETED);
        Self { present: true, tombstone, log, epoch, first, lock: bytes(LOCK), holder: bytes(HOLDER), readers }
    }

    /// Who holds the row, apart from `own`.
    pub(crate) fn holders_but(&self, own: Option<&[u8]>) -> Vec<Vec<u8>> {
        let holders = self.lock.iter().chain(&self.readers);
        holders.filter(|holder| own != Some(holder.as_slice())).cloned().collect()
    }

    /// Whether `own` holds the row, in either way.
    pub(crate) fn is_held_by(&self, own: &[u8]) -> bool {
        self.lock.as_deref() == Some(own) || self.readers.iter().any(|reader| reader == own)
    }
}

/// The table and the key attributes of a row, which its name does not tell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RowKey {
    pub(crate) table: String,
    pub(crate) key: Attributes,
}

impl RowKey {
    /// The name of the row.
    pub(crate) fn name(&self) -> String {
        row_name(&self.table, &self.key)
    }

    /// Adds both to the attributes of an item about the row.
    pub(crate) fn write(self, item: &mut Attributes) {
        item.insert("table".to_owned(), string(self.table));
        item.insert("key".to_owned(), AttributeValue::M(self.key));
    }

    /// The row that an item is about.
    pub(crate) fn read(item: &Attributes) -> Option<Self> {
        let Some(AttributeValue::M(key)) = item.get("key") else { return None };
        Some(Self { table: get_string(item, "table")?.to_owned(), key: key.clone() })
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
