//! The rows that an instance has left as tombstones, or may have: for garbage collection.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::daal::RowKey;

/// The rows, by their names.
#[derive(Debug, Default)]
pub(super) struct Tombstones(Mutex<BTreeMap<String, RowKey>>);

impl Tombstones {
    pub(super) fn note(&self, rows: impl IntoIterator<Item = RowKey>) {
        self.lock().extend(rows.into_iter().map(|row| (row.name(), row)));
    }

    pub(super) fn all(&self) -> Vec<RowKey> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, RowKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
