//! What an attempt runs in: the store, the way to other functions, the clock, the limits.

use std::sync::Arc;
use std::time::Duration;

use crate::attempt::Recordings;
use crate::function::FunctionEntry;
use crate::garbage::Watermarks;
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
    /// How far garbage collection has come, as far as this process knows.
    pub watermarks: Watermarks,
    /// Where attempts take down what they saw, for an audit.
    pub(crate) recordings: Option<Arc<Recordings>>,
}

impl Environment {
    /// The same with another store, such as one that counts or fails.
    #[must_use]
    pub fn with_store(self, store: SharedStore) -> Self {
        Self { store, ..self }
    }
}

/// Settings that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Garbage collection does not wait so long for an attempt.
    #[error(
        "the timeout of {whose} is {timeout:?}, and no attempt may live longer than {longest:?}: shorten it, or raise `longest_timeout`"
    )]
    Timeout {
        /// The settings, or a function.
        whose: String,
        /// The timeout.
        timeout: Duration,
        /// The longest that is allowed.
        longest: Duration,
    },
    /// A caller could ask for a result that is gone.
    #[error(
        "{whose} would keep results for {retention:?}, and attempts may ask for them for {shortest:?}: raise `retention`"
    )]
    Retention {
        /// The settings, or a function.
        whose: String,
        /// The time.
        retention: Duration,
        /// The shortest that is safe.
        shortest: Duration,
    },
    /// Row logs would take the room that is kept for them in each row, or have none.
    #[error("`log_entries` is {entries}, and a row log holds from 1 to {most}")]
    LogEntries {
        /// The number of entries.
        entries: usize,
        /// The most that are allowed.
        most: usize,
    },
}

/// The most entries of a row log: with its locks, it fits into the room that each row keeps for them.
const MAX_LOG_ENTRIES: usize = 128;

/// Limits and intervals of the protocol. The defaults suit Lambda; tests and local hosts shorten them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `T`: how long one attempt may live where the function does not say. Default 30 s.
    pub timeout: Duration,
    /// The longest time that an attempt of any function may live, now or after any deployment: garbage collection
    /// waits that long for attempts that may still be alive. No timeout may be longer. Default 15 min, which is AWS
    /// Lambda's limit; do not lower it while attempts may live that were started under a higher one.
    pub longest_timeout: Duration,
    /// By how much the clocks of two machines may differ, and what is added to an attempt's deadline before another is
    /// started, for requests that are still on their way. Exactly-once depends on it: garbage collection and the search
    /// of a row's segments take no two clocks to be further apart. Default 5 s.
    pub margin: Duration,
    /// `N`: how many entries a row log holds before it is rolled, at least 1 and at most 128. Default 16.
    pub log_entries: usize,
    /// How many attempts an instance has before it is parked. Default 10.
    pub max_attempts: u32,
    /// The shortest time before a failed instance is tried again; doubled with each attempt. Default 500 ms.
    pub backoff: Duration,
    /// The longest time before a failed instance is tried again. Default 5 min.
    pub max_backoff: Duration,
    /// How often a caller invokes a callee whose attempt died, before its own attempt ends. Default 5.
    pub call_tries: u32,
    /// `R`: how long the result of an instance is kept where its function does not say. At least
    /// [`shortest_retention`](Self::shortest_retention). Default 7 days.
    pub retention: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            longest_timeout: Duration::from_secs(15 * 60),
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

    /// The shortest time that results may be kept: as long as an attempt and the one after it may take, so that the
    /// second finds what the first was told, with a margin for each.
    pub fn shortest_retention(&self) -> Duration {
        (self.longest_timeout + self.margin) * 2
    }

    /// Refuses what does not fit together, for these functions.
    pub(crate) fn check(
        &self,
        functions: impl Iterator<Item = &'static FunctionEntry>,
    ) -> Result<(), Vec<SettingsError>> {
        let shortest = self.shortest_retention();
        let mut of = vec![("the settings".to_owned(), Some(self.timeout), Some(self.retention))];
        of.extend(functions.map(|function| {
            let FunctionEntry { service, name, timeout, retention, .. } = *function;
            (format!("the function `{service}/{name}`"), timeout, retention)
        }));
        let mut errors = Vec::new();
        for (whose, timeout, retention) in of {
            if let Some(timeout) = timeout.filter(|timeout| *timeout > self.longest_timeout) {
                errors.push(SettingsError::Timeout { whose: whose.clone(), timeout, longest: self.longest_timeout });
            }
            if let Some(retention) = retention.filter(|retention| *retention < shortest) {
                errors.push(SettingsError::Retention { whose, retention, shortest });
            }
        }
        if !(1..=MAX_LOG_ENTRIES).contains(&self.log_entries) {
            errors.push(SettingsError::LogEntries { entries: self.log_entries, most: MAX_LOG_ENTRIES });
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
