//! What an attempt runs in: the store, the way to other functions, the clock, the limits.

use std::sync::Arc;
use std::time::Duration;

use crate::attempt::Recordings;
use crate::invoke::Invoker;
use crate::registry::Registry;
use crate::store::SharedStore;
pub(crate) use crate::store::tables::journal_name as journal_table;
use crate::txn::Tallies;
use crate::world::World;

/// Everything that an attempt, a collector or a host needs from outside. Cheap to clone.
#[derive(Clone)]
pub struct Environment {
    /// Where the tables and journals are.
    pub store: SharedStore,
    /// The way to other functions.
    pub invoker: Arc<dyn Invoker>,
    /// The clock and fresh ids.
    pub world: Arc<dyn World>,
    /// The functions and tables that are known.
    pub registry: Arc<Registry>,
    /// The limits.
    pub settings: Settings,
    /// How transactions ended, counted.
    pub transactions: Tallies,
    /// Where attempts take down what they saw, for an audit.
    pub(crate) recordings: Option<Arc<Recordings>>,
}

/// Limits and intervals of the protocol. The defaults suit Lambda; tests and local hosts shorten them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `T`: how long one attempt may live where the function does not say. Default 30 s.
    pub timeout: Duration,
    /// What is added to an attempt's deadline before another is started: clock skew and requests that are
    /// still on their way. Default 5 s.
    pub margin: Duration,
    /// `N`: how many entries a row log holds before it is rolled. Default 16.
    pub log_entries: usize,
    /// How many attempts an instance has before it is parked. Default 10.
    pub max_attempts: u32,
    /// The shortest time before a failed instance is tried again; doubled with each attempt. Default 500 ms.
    pub backoff: Duration,
    /// The longest time before a failed instance is tried again. Default 5 min.
    pub max_backoff: Duration,
    /// How often a caller invokes a callee whose attempt died, before its own attempt ends. Default 5.
    pub call_tries: u32,
    /// `R`: how long the result of an instance is kept. Default 7 days.
    pub retention: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            margin: Duration::from_secs(5),
            log_entries: 16,
            max_attempts: 10,
            backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(300),
            call_tries: 5,
            retention: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

impl Settings {
    /// The time to wait after attempt number `attempts` failed: doubling, between the two bounds.
    pub fn backoff_after(&self, attempts: u32) -> Duration {
        let doubled = self.backoff.saturating_mul(1 << attempts.saturating_sub(1).min(20));
        doubled.min(self.max_backoff)
    }
}
