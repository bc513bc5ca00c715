//! How transactions ended, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What became of the transactions of a process (protocol, section 6). Each is counted where its decision was put, and
/// not again where that is replayed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransactionStatistics {
    /// Transactions that were committed.
    pub committed: u64,
    /// Transactions that were rolled back because their body gave `Err`. Those that failed or that an operator ended
    /// are not among them.
    pub rolled_back: u64,
    /// Tries that died because an older transaction, or one that was waited for too long, held a row. Another try of
    /// the same transaction follows each.
    pub died: u64,
    /// The most tries that one transaction needed in one attempt.
    pub most_tries: u64,
}

/// The counters behind [`TransactionStatistics`]. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tallies {
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    committed: AtomicU64,
    rolled_back: AtomicU64,
    died: AtomicU64,
    most_tries: AtomicU64,
}

impl Tallies {
    /// What was counted so far.
    pub fn read(&self) -> TransactionStatistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counters { committed, rolled_back, died, most_tries } = &*self.counters;
        TransactionStatistics {
            committed: read(committed),
            rolled_back: read(rolled_back),
            died: read(died),
            most_tries: read(most_tries),
        }
    }

    pub(super) fn committed(&self) {
        self.counters.committed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn rolled_back(&self) {
        self.counters.rolled_back.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn died(&self) {
        self.counters.died.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn tried(&self, tries: u32) {
        self.counters.most_tries.fetch_max(u64::from(tries), Ordering::Relaxed);
    }
}
