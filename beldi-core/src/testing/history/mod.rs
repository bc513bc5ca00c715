//! Histories of transactions, and whether a serial order explains them.
//!
//! After Adya ("Weak Consistency", 1999) and Elle (VLDB 2020). Every value is written once, so a read says
//! which transaction it depends on. Whatever has no serial order shows as a cycle of dependencies:
//!
//! - `ww`: the second wrote the version that follows the first one's,
//! - `wr`: the second read what the first wrote,
//! - `rw`: the second wrote the version that follows the one which the first read,
//! - `rt`: the first had ended before the second began.
//!
//! What is checked of a transaction that was rolled back is that nobody saw its writes, and that its reads fit
//! the same serial order: it saw no state that never was (opacity).

mod anomaly;
mod cycles;
mod edges;
mod versions;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use anomaly::{Anomaly, Cycle, CycleKind, Dependency, DependencyKind};
use edges::Edges;
use versions::Versions;

/// What some transactions read and wrote, and the checker of strict serializability over it.
///
/// The order of a key's versions is found in one of two ways: every write follows a read of the same key in
/// the same transaction, so that each version names the one before it; or the test knows the order, from a
/// list that grows with every write for example, and gives it by [`version_order`](Self::version_order). In
/// both cases every value is written to a key at most once, and no key is deleted.
///
/// A last transaction that reads every key after all others have ended makes lost writes visible.
///
/// ```
/// use beldi_core::testing::{Anomaly, CycleKind, History, Transaction};
///
/// let mut history = History::new();
/// history.record(Transaction::committed("T1").read("x", None).write("x", "a").between(0, 10));
/// history.record(Transaction::committed("T2").read("x", Some("a")).write("x", "b").between(5, 20));
/// history.record(Transaction::rolled_back("T3").read("x", Some("a")).write("x", "c"));
/// history.record(Transaction::committed("T4").read("x", Some("b")).between(21, 22));
/// let summary = history.check().expect("a serial order: T1, T3, T2, T4");
/// assert_eq!((summary.committed, summary.rolled_back, summary.versions), (3, 1, 2));
///
/// history.record(Transaction::committed("T5").read("x", Some("a")).between(30, 31));
/// let Err(Anomaly::Cycle(cycle)) = history.check() else { panic!("T5 read a stale value") };
/// assert_eq!(cycle.kind, CycleKind::RealTime);
/// assert_eq!(cycle.to_string().lines().next(), Some("real-time violation: T2 -rt-> T4 -rt-> T5 -rw x-> T2"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct History {
    transactions: Vec<Transaction>,
    orders: BTreeMap<String, Vec<String>>,
}

/// What one transaction read and wrote, in its own order.
#[derive(Debug, Clone)]
#[must_use = "a transaction counts when it is recorded in a history"]
pub struct Transaction {
    id: String,
    accesses: Vec<Access>,
    committed: bool,
    began: Option<u64>,
    ended: Option<u64>,
}

/// A read or a write of a key. A function can return a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// The transaction read the key.
    Read {
        /// The key.
        key: String,
        /// The value that was there; `None` before the first write.
        value: Option<String>,
    },
    /// The transaction wrote the key.
    Write {
        /// The key.
        key: String,
        /// The value, which nobody else writes to this key.
        value: String,
    },
}

/// What a history without anomalies consists of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Transactions that committed.
    pub committed: usize,
    /// Transactions that were rolled back.
    pub rolled_back: usize,
    /// Committed versions of all keys.
    pub versions: usize,
    /// Dependencies of a write on the write before it.
    pub write_write: usize,
    /// Dependencies of a read on the write that it saw.
    pub write_read: usize,
    /// Dependencies of a write on the reads of the version before it.
    pub read_write: usize,
    /// Dependencies of a transaction on those that had ended before it began, without those that follow from
    /// others.
    pub real_time: usize,
}

impl History {
    /// A history of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a transaction. The order in which transactions are added means nothing.
    pub fn record(&mut self, transaction: Transaction) {
        self.transactions.push(transaction);
    }

    /// Says in which order the committed values of a key followed each other, for keys that are written
    /// without having been read.
    pub fn version_order<V: Into<String>>(&mut self, key: impl Into<String>, values: impl IntoIterator<Item = V>) {
        self.orders.insert(key.into(), values.into_iter().map(Into::into).collect());
    }

    /// Looks for a serial order of all transactions that agrees with every read, and with real time as far as
    /// it was recorded.
    ///
    /// # Errors
    ///
    /// There is none, and why. Of several anomalies the simplest is reported.
    pub fn check(&self) -> Result<Summary, Anomaly> {
        let versions = Versions::of(&self.transactions, &self.orders)?;
        let edges = Edges::of(&self.transactions, &versions);
        if let Some(cycle) = cycles::find(&self.transactions, &edges) {
            return Err(Anomaly::Cycle(cycle));
        }
        let committed = self.transactions.iter().filter(|transaction| transaction.committed).count();
        let rolled_back = self.transactions.len() - committed;
        Ok(Summary {
            committed,
            rolled_back,
            versions: versions.count(),
            write_write: edges.count(DependencyKind::WriteWrite),
            write_read: edges.count(DependencyKind::WriteRead),
            read_write: edges.count(DependencyKind::ReadWrite),
            real_time: edges.count(DependencyKind::RealTime),
        })
    }
}

impl Transaction {
    /// A transaction that committed. Ids are for people; each is used once in a history.
    pub fn committed(id: impl Into<String>) -> Self {
        Self { id: id.into(), accesses: Vec::new(), committed: true, began: None, ended: None }
    }

    /// A transaction that was rolled back.
    pub fn rolled_back(id: impl Into<String>) -> Self {
        Self { committed: false, ..Self::committed(id) }
    }

    /// Adds a read.
    pub fn read(self, key: &str, value: Option<&str>) -> Self {
        self.with([Access::read(key, value)])
    }

    /// Adds a write.
    pub fn write(self, key: &str, value: &str) -> Self {
        self.with([Access::write(key, value)])
    }

    /// Adds reads and writes.
    pub fn with(mut self, accesses: impl IntoIterator<Item = Access>) -> Self {
        self.accesses.extend(accesses);
        self
    }

    /// When it was begun, and when its outcome was known to whoever began it, by any one clock.
    pub fn between(mut self, began: u64, ended: u64) -> Self {
        self.ended = Some(ended);
        self.since(began)
    }

    /// When it was begun, for reads outside of any transaction: they see what was written to their keys by all that had
    /// ended before. Nothing else holds for them. A commit becomes visible row by row, so they can see two rows of it
    /// at different times, and miss what somebody else has seen of it in another row.
    pub fn since(mut self, began: u64) -> Self {
        self.began = Some(began);
        self
    }

    /// Whether it is no transaction, but reads on their own.
    fn is_plain_read(&self) -> bool {
        self.ended.is_none() && self.accesses.iter().all(|access| matches!(access, Access::Read { .. }))
    }
}

impl Access {
    /// A read of what was there.
    pub fn read(key: impl Into<String>, value: Option<&str>) -> Self {
        Self::Read { key: key.into(), value: value.map(Into::into) }
    }

    /// A write of a value of its own.
    pub fn write(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Write { key: key.into(), value: value.into() }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { committed, rolled_back, versions, write_write, write_read, read_write, real_time } = self;
        write!(f, "{committed} committed, {rolled_back} rolled back, {versions} versions; dependencies: ")?;
        write!(f, "{write_write} ww, {write_read} wr, {read_write} rw, {real_time} rt")
    }
}
