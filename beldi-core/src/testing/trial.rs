//! What a scenario calls functions with.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::client::{Client, ClientError};
use crate::function::Function;
use crate::host::LocalHost;
use crate::ids::InstanceId;
use crate::ops::Call;
use crate::store::{Counting, Counts};

use super::state::strip;

/// A run of a scenario. Calls made through it survive the disturbance as a patient client's do: they are
/// repeated with the same id until there is a result.
#[derive(Clone)]
pub struct Trial {
    host: LocalHost,
    calls: Arc<AtomicUsize>,
    /// What each call gave, as JSON, by its number.
    results: Arc<Mutex<BTreeMap<usize, String>>>,
    /// The store under the host, where requests are counted.
    counting: Option<Arc<Counting>>,
    disturbed: bool,
}

/// How often a call is repeated, each time after the collector has finished what was begun.
const MAX_REPEATS: u32 = 8;

impl Trial {
    pub(super) fn new(host: LocalHost) -> Self {
        Self { host, calls: Arc::default(), results: Arc::default(), counting: None, disturbed: false }
    }

    pub(super) fn counting(host: LocalHost, counting: Arc<Counting>, disturbed: bool) -> Self {
        Self { counting: Some(counting), disturbed, ..Self::new(host) }
    }

    pub(super) fn host(&self) -> &LocalHost {
        &self.host
    }

    /// What the calls gave, in the order in which they were made.
    pub(super) fn results(&self, ignored: &BTreeSet<String>) -> Vec<String> {
        let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        let plain = results.values().map(|json| match serde_json::from_str(json) {
            Ok(mut value) => {
                strip(&mut value, ignored);
                value.to_string()
            }
            Err(_) => json.clone(),
        });
        plain.collect()
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
        let number = self.next_number();
        let key = key(number);
        let mut repeats = 0;
        loop {
            let call = Call::<F>::with_arguments(arguments.clone());
            let error = match self.client().call(call).idempotency_key(&key).await {
                Err(error @ ClientError::Unavailable { .. }) => error,
                answer => {
                    self.note::<F>(number, &answer);
                    return answer;
                }
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
        let key = key(self.next_number());
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

    /// Makes two calls at the same time: what one of them reads, the other may change.
    ///
    /// # Errors
    ///
    /// Each as for [`call`](Self::call).
    pub async fn together<F: Function, G: Function>(
        &self,
        one: Call<F>,
        other: Call<G>,
    ) -> (Result<F::Output, ClientError>, Result<G::Output, ClientError>) {
        tokio::join!(self.call(one), self.call(other))
    }

    /// Waits until all that was begun has ended: detached and started calls, what follows a reply, and whatever a
    /// collector has to finish.
    ///
    /// # Panics
    ///
    /// If the store fails.
    pub async fn settle(&self) {
        self.until_idle().await;
        self.host.settle().await.expect("the store of a test answers");
    }

    /// Runs something, and fails if it takes more store requests than this, what follows its replies included. In a
    /// run that is disturbed nothing is counted: recovery costs what it costs.
    ///
    /// # Panics
    ///
    /// If there were more requests; the message lists them by table and operation.
    pub async fn within_requests<T>(&self, most: u64, work: impl Future<Output = T>) -> T {
        let (done, counts) = self.count_requests(work).await;
        let total = counts.total();
        assert!(
            self.disturbed || total <= most,
            "{total} requests were sent, and at most {most} are allowed:\n{counts}"
        );
        done
    }

    /// Runs something, and counts the store requests that it takes, what follows its replies included.
    pub async fn count_requests<T>(&self, work: impl Future<Output = T>) -> (T, Counts) {
        self.until_idle().await;
        let counting = self.counting.as_deref();
        let _ = counting.map(Counting::reset);
        let done = work.await;
        self.until_idle().await;
        (done, counting.map(Counting::counts).unwrap_or_default())
    }

    /// What happened outside so far: see [`happens`](super::happens).
    pub fn effects(&self) -> Vec<String> {
        super::outside::effects()
    }

    async fn until_idle(&self) {
        while self.host.running() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn note<F: Function>(&self, number: usize, answer: &Result<F::Output, ClientError>) {
        let json = match answer {
            Ok(output) => (F::CODEC.encode_output)(output).unwrap_or_else(|error| error.to_string()),
            Err(error) => error.to_string(),
        };
        self.results.lock().unwrap_or_else(PoisonError::into_inner).insert(number, json);
    }

    fn next_number(&self) -> usize {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }
}

fn key(number: usize) -> String {
    format!("call {number}")
}
