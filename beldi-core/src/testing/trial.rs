//! What a scenario calls functions with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::client::{Client, ClientError};
use crate::function::Function;
use crate::host::LocalHost;
use crate::ids::InstanceId;
use crate::ops::Call;

/// A run of a scenario. Calls made through it survive the disturbance as a patient client's do: they are
/// repeated with the same id until there is a result.
#[derive(Clone)]
pub struct Trial {
    host: LocalHost,
    calls: Arc<AtomicUsize>,
}

/// How often a call is repeated, each time after the collector has finished what was begun.
const MAX_REPEATS: u32 = 8;

impl Trial {
    pub(super) fn new(host: LocalHost) -> Self {
        Self { host, calls: Arc::default() }
    }

    /// A client of the run's host, for what [`call`](Self::call) does not do.
    pub fn client(&self) -> Client {
        self.host.client()
    }

    /// Calls a function and waits for its result. Calls are numbered; the same call of another run of the
    /// scenario has the same instance id.
    ///
    /// # Errors
    ///
    /// The function refused, its instance was parked, or there was no result after many repetitions.
    pub async fn call<F: Function>(&self, call: Call<F>) -> Result<F::Output, ClientError> {
        let arguments = call.arguments?;
        let key = self.next_key();
        let mut repeats = 0;
        loop {
            let call = Call::<F>::with_arguments(arguments.clone());
            let error = match self.client().call(call).idempotency_key(&key).await {
                Err(error @ ClientError::Unavailable { .. }) => error,
                answer => return answer,
            };
            repeats += 1;
            if repeats > MAX_REPEATS {
                return Err(error);
            }
            self.host.settle().await?;
        }
    }

    /// Starts a function: when this gives an id, it will run once.
    ///
    /// # Errors
    ///
    /// The function refused, or could not be started after many repetitions.
    pub async fn start<F: Function>(&self, call: Call<F>) -> Result<InstanceId, ClientError> {
        let arguments = call.arguments?;
        let key = self.next_key();
        let mut repeats = 0;
        loop {
            let call = Call::<F>::with_arguments(arguments.clone());
            let error = match self.client().start(call).idempotency_key(&key).await {
                Err(error @ ClientError::Unavailable { .. }) => error,
                answer => return answer,
            };
            repeats += 1;
            if repeats > MAX_REPEATS {
                return Err(error);
            }
        }
    }

    fn next_key(&self) -> String {
        format!("call {}", self.calls.fetch_add(1, Ordering::Relaxed))
    }
}
