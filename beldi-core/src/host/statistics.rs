//! What a host has done, counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::garbage::Garbage;
use crate::txn::TransactionStatistics;

#[derive(Default)]
pub(super) struct Counters {
    pub(super) attempts: AtomicU64,
    pub(super) crashed: AtomicU64,
    pub(super) timed_out: AtomicU64,
    pub(super) restarted: AtomicU64,
    pub(super) repeated: AtomicU64,
    pub(super) panicked: Arc<AtomicU64>,
    garbage: Mutex<Garbage>,
}

/// What a host has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Attempts that were started.
    pub attempts: u64,
    /// Attempts that a crash plan let die.
    pub crashed: u64,
    /// Attempts that were ended at their deadline.
    pub timed_out: u64,
    /// Attempts that a collector started.
    pub restarted: u64,
    /// Attempts that a caller asked for again after one that had died.
    pub repeated: u64,
    /// Attempts and rounds of collectors that have panicked outside of any handler: mistakes of beldi itself.
    pub panicked: u64,
    /// Transactions that were committed.
    pub committed: u64,
    /// Transactions that were rolled back because their body gave `Err`.
    pub rolled_back: u64,
    /// Tries of transactions that died of a conflict.
    pub died: u64,
    /// The most tries that one transaction needed in one attempt.
    pub most_tries: u64,
    /// What garbage collection reclaimed, and where it stands.
    pub garbage: Garbage,
}

/// Counts a panic that it is dropped by.
pub(super) struct Watch(Arc<AtomicU64>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.fetch_add(u64::from(std::thread::panicking()), Ordering::Relaxed);
    }
}

impl Counters {
    /// Counts it, if what is done until this is dropped panics.
    pub(super) fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.panicked))
    }

    /// Counts what garbage collection did.
    pub(super) fn reclaimed(&self, garbage: Garbage) {
        let mut total = self.garbage.lock().unwrap_or_else(PoisonError::into_inner);
        total.add(garbage);
        (total.watermark_ms, total.more) = (garbage.watermark_ms, garbage.more);
    }

    /// The counts so far, with those of transactions.
    pub(super) fn read(&self, transactions: TransactionStatistics) -> Statistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Self { attempts, crashed, timed_out, restarted, repeated, panicked, .. } = self;
        let TransactionStatistics { committed, rolled_back, died, most_tries } = transactions;
        Statistics {
            attempts: read(attempts),
            crashed: read(crashed),
            timed_out: read(timed_out),
            restarted: read(restarted),
            repeated: read(repeated),
            panicked: read(panicked),
            committed,
            rolled_back,
            died,
            most_tries,
            garbage: *self.garbage.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}
