//! Sends requests again that were throttled or whose outcome is unknown.
//!
//! Invariant: what this store answers was answered by the store below it, to the same request, and a
//! request is sent at most a bounded number of times. Only [`StoreError::is_retryable`] errors lead to
//! another try; a failed condition, a refusal or a denial comes back at once.
//!
//! Why it is safe to repeat a write after an ambiguous failure, where the first try may have taken place
//! and nobody knows: every write of the protocol carries the condition that it has not happened yet, and
//! leaves the witness of it in the same atomic step. If the first try took place,
//!
//! - the write of a row finds its own entry in the row log, the condition fails, and the row that comes
//!   back with the failure says so: done, with the outcome that the entry has;
//! - the record of a journal finds a record in its place: whoever wrote it, the attempt goes on from what
//!   is in the journal, which is the same after its own record as after that of another attempt;
//! - a transactional write fails by the conditions of its parts, and so do rolls, claims and deletions,
//!   each conditional on the state that it replaces.
//!
//! So the second try fails with [`StoreError::ConditionFailed`] and never writes twice, and the caller
//! reads the answer as it reads that of any other race. A write *without* such a condition must not be
//! sent through this store; the protocol has none.
//!
//! Why there is a budget: in an outage every request fails, and if each were sent eight times the store
//! would meet eight times the load exactly when it is weakest. A retry takes tokens from a bucket that
//! all requests share, and success puts some back. While few requests fail the bucket stays full; in an
//! outage it is soon empty, and the load falls to one try for each request.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::random::Random;
use super::{Request, SharedStore, Store, StoreError, StoreFuture};

/// Tries of one request, the first included.
const TRIES: usize = 8;
const FIRST_DELAY: Duration = Duration::from_millis(25);
const LONGEST_DELAY: Duration = Duration::from_secs(1);

const BUDGET_TOKENS: u32 = 500;
const TOKENS_FOR_A_RETRY: u32 = 5;
/// A request that succeeded at once earns this; one that succeeded after a retry earns that retry back.
const TOKENS_FOR_A_SUCCESS: u32 = 1;

/// A store that tries again, with exponential back-off and full jitter.
///
/// ```
/// use std::sync::Arc;
/// use beldi_core::store::{EmbeddedStore, Retry, SharedStore};
///
/// # fn main() -> Result<(), beldi_core::store::StoreError> {
/// let store: SharedStore = Arc::new(EmbeddedStore::in_memory()?);
/// let store: SharedStore = Arc::new(Retry::new(store).with_tries(4).with_seed(7));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Retry {
    store: SharedStore,
    delays: ExponentialBuilder,
    random: Random,
    budget: Arc<RetryBudget>,
}

/// The tokens that retries take from, shared by all requests of a store, or of several.
pub struct RetryBudget {
    tokens: Mutex<u32>,
    capacity: u32,
}

impl Retry {
    /// Retries requests to `store`: up to eight tries, pauses of at most 25 ms, 50 ms and so on up to a
    /// second, with a budget of 500 tokens of its own.
    pub fn new(store: SharedStore) -> Self {
        let delays = ExponentialBuilder::new().with_min_delay(FIRST_DELAY).with_max_delay(LONGEST_DELAY);
        let budget = Arc::new(RetryBudget::new(BUDGET_TOKENS));
        Self { store, delays, random: Random::from_entropy(), budget }.with_tries(TRIES)
    }

    /// Sends a request at most `tries` times.
    #[must_use]
    pub fn with_tries(mut self, tries: usize) -> Self {
        self.delays = self.delays.with_max_times(tries.saturating_sub(1));
        self
    }

    /// Draws the pauses from this seed, so that a run can be repeated.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.random = Random::seeded(seed);
        self
    }

    /// Takes tokens from a budget that others use too.
    #[must_use]
    pub fn with_budget(mut self, budget: Arc<RetryBudget>) -> Self {
        self.budget = budget;
        self
    }

    async fn try_all(&self, request: Request) -> Result<super::Response, StoreError> {
        // Without backon's own jitter, which only lengthens a delay: full jitter draws the whole of it,
        // so that requests that failed together do not come back together.
        let mut delays = self.delays.build();
        let mut earned = TOKENS_FOR_A_SUCCESS;
        loop {
            let error = match self.store.execute(request.clone()).await {
                Err(error) if error.is_retryable() => error,
                answer => {
                    if matches!(answer, Ok(_) | Err(StoreError::ConditionFailed { .. })) {
                        self.budget.put(earned);
                    }
                    return answer;
                }
            };
            let Some(longest) = delays.next() else { return Err(error) };
            if !self.budget.take(TOKENS_FOR_A_RETRY) {
                tracing::warn!(operation = request.operation(), %error, "no retry: the retry budget is used up");
                return Err(error);
            }
            earned = TOKENS_FOR_A_RETRY;
            let delay = self.random.up_to(longest);
            tracing::debug!(operation = request.operation(), %error, ?delay, "trying again");
            tokio::time::sleep(delay).await;
        }
    }
}

impl Store for Retry {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(self.try_all(request))
    }

    fn expires_items(&self) -> bool {
        self.store.expires_items()
    }
}

impl RetryBudget {
    /// A full budget of so many tokens. A retry costs 5.
    pub fn new(tokens: u32) -> Self {
        Self { tokens: Mutex::new(tokens), capacity: tokens }
    }

    /// The tokens that are left.
    pub fn tokens(&self) -> u32 {
        *self.lock()
    }

    fn take(&self, tokens: u32) -> bool {
        let mut left = self.lock();
        match left.checked_sub(tokens) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => false,
        }
    }

    fn put(&self, tokens: u32) {
        let mut left = self.lock();
        *left = left.saturating_add(tokens).min(self.capacity);
    }

    fn lock(&self) -> MutexGuard<'_, u32> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} tokens", self.tokens(), self.capacity)
    }
}
