//! Makes requests fail.
//!
//! Fault model: any request may fail before it is executed, and then nothing was changed; or be executed
//! and fail afterwards, and then the caller does not know that it took place. A request is never
//! executed in part or twice, and an answer that arrives is the true one. Throttling only comes before
//! the execution, as in DynamoDB; a lost connection comes before or after it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::random::Random;
use super::{Request, SharedStore, Store, StoreError, StoreFuture};

/// A store some of whose requests fail.
///
/// ```
/// use std::sync::Arc;
/// use beldi_core::store::{EmbeddedStore, Fault, Faulty, Request, SharedStore, StoreError};
///
/// # fn main() -> Result<(), StoreError> {
/// let store: SharedStore = Arc::new(EmbeddedStore::in_memory()?);
/// // The third request takes place, and nobody learns of it.
/// let faulty = Faulty::new(store, |_: &Request, number: u64| match number {
///     2 => Fault::After(StoreError::Transient { message: "the connection was lost".to_owned() }),
///     _ => Fault::None,
/// });
/// # Ok(())
/// # }
/// ```
pub struct Faulty {
    store: SharedStore,
    plan: Box<dyn FaultPlan>,
    sent: AtomicU64,
}

/// What happens to one request.
#[derive(Debug)]
pub enum Fault {
    /// It is executed and answered.
    None,
    /// It is not executed and fails.
    Before(StoreError),
    /// It is executed, its answer is lost, and it fails. If the execution itself fails, its error is
    /// lost as well.
    After(StoreError),
}

/// Decides which requests fail. Implemented by closures of the same form.
pub trait FaultPlan: Send + Sync + 'static {
    /// Decides about one request. `number` counts the requests from 0, in the order in which they are
    /// sent.
    fn decide(&self, request: &Request, number: u64) -> Fault;
}

impl<F: Fn(&Request, u64) -> Fault + Send + Sync + 'static> FaultPlan for F {
    fn decide(&self, request: &Request, number: u64) -> Fault {
        self(request, number)
    }
}

impl Faulty {
    /// Requests to `store` fail as `plan` says.
    pub fn new(store: SharedStore, plan: impl FaultPlan) -> Self {
        Self { store, plan: Box::new(plan), sent: AtomicU64::new(0) }
    }

    /// A share (from 0.0 to 1.0) of all requests is throttled, at random.
    pub fn throttling(store: SharedStore, seed: u64, share: f64) -> Self {
        let random = Random::seeded(seed);
        Self::new(
            store,
            move |_: &Request, _: u64| {
                if random.chance(share) { Fault::Before(throttled()) } else { Fault::None }
            },
        )
    }

    /// A share (from 0.0 to 1.0) of all requests loses its connection, at random: half of them before the
    /// request is executed, half of them after.
    pub fn disconnecting(store: SharedStore, seed: u64, share: f64) -> Self {
        let random = Random::seeded(seed);
        Self::new(store, move |_: &Request, _: u64| match (random.chance(share), random.chance(0.5)) {
            (false, _) => Fault::None,
            (true, true) => Fault::Before(disconnected()),
            (true, false) => Fault::After(disconnected()),
        })
    }
}

impl Store for Faulty {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(async move {
            let number = self.sent.fetch_add(1, Ordering::Relaxed);
            match self.plan.decide(&request, number) {
                Fault::None => self.store.execute(request).await,
                Fault::Before(error) => Err(error),
                Fault::After(error) => {
                    drop(self.store.execute(request).await);
                    Err(error)
                }
            }
        })
    }

    fn expires_items(&self) -> bool {
        self.store.expires_items()
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").field("store", &self.store).field("sent", &self.sent).finish_non_exhaustive()
    }
}

fn throttled() -> StoreError {
    StoreError::Throttled { message: "an injected throttle".to_owned() }
}

fn disconnected() -> StoreError {
    StoreError::Transient { message: "an injected loss of the connection".to_owned() }
}
