//! Counts requests.
//!
//! Fault model: none; every request is passed on as it is and its answer comes back unchanged. A request
//! counts when it is sent, whatever becomes of it, because DynamoDB bills failed conditions too.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::{Request, SharedStore, Store, StoreFuture};

/// A store that counts the requests to another one, for each table and operation.
///
/// Requests that a caller waits for one after another are not told from parallel ones here; under tokio's
/// paused time a [`Delayed`](super::Delayed) store with a fixed delay measures those.
#[derive(Debug)]
pub struct Counting {
    store: SharedStore,
    counts: Mutex<Counts>,
}

/// How many requests there were, by table and operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    tables: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

impl Counting {
    /// Counts the requests to `store`.
    pub fn new(store: SharedStore) -> Self {
        Self { store, counts: Mutex::default() }
    }

    /// The requests since the start or the last [`reset`](Self::reset).
    pub fn counts(&self) -> Counts {
        self.lock().clone()
    }

    /// How many requests these are.
    pub fn total(&self) -> u64 {
        self.lock().total()
    }

    /// Starts again from nothing and gives what there was.
    pub fn reset(&self) -> Counts {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Counting {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        // Counted inside the future: one that is never polled sends nothing.
        Box::pin(async move {
            self.lock().add(request.table(), request.operation());
            self.store.execute(request).await
        })
    }

    fn expires_items(&self) -> bool {
        self.store.expires_items()
    }
}

impl Counts {
    /// All requests.
    pub fn total(&self) -> u64 {
        self.iter().map(|(.., count)| count).sum()
    }

    /// The requests of one operation, such as `"GetItem"`, to all tables.
    pub fn operation(&self, operation: &str) -> u64 {
        self.iter().filter(|(_, name, _)| *name == operation).map(|(.., count)| count).sum()
    }

    /// The requests to one table. A transactional write counts for the table of its first write.
    pub fn table(&self, table: &str) -> u64 {
        self.tables.get(table).map_or(0, |operations| operations.values().sum())
    }

    /// The requests of one operation to one table.
    pub fn of(&self, table: &str, operation: &str) -> u64 {
        self.tables.get(table).and_then(|operations| operations.get(operation)).copied().unwrap_or(0)
    }

    /// Table, operation and number, in order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'static str, u64)> {
        self.tables.iter().flat_map(|(table, operations)| {
            operations.iter().map(move |(operation, count)| (table.as_str(), *operation, *count))
        })
    }

    fn add(&mut self, table: &str, operation: &'static str) {
        if let Some(operations) = self.tables.get_mut(table) {
            *operations.entry(operation).or_default() += 1;
        } else {
            self.tables.insert(table.to_owned(), BTreeMap::from([(operation, 1)]));
        }
    }
}

/// One line for each table and operation, and the total.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (table, operation, count) in self.iter() {
            writeln!(f, "{count:>8}  {operation:<18}  {table}")?;
        }
        write!(f, "{:>8}  requests", self.total())
    }
}
