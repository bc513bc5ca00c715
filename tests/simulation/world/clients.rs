//! Clients: they ask until they are answered, and some of them ask again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use beldi::{Call, ClientError, Function, InstanceId, Service};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::core::{Core, count};
use super::fleet::Fleet;

/// How often a request is made again after its answer, and how much later at most.
const AGAIN: f64 = 0.3;
const LATER: Duration = Duration::from_secs(60);

/// The longest pause of a client that was not answered.
const PAUSE: Duration = Duration::from_millis(500);

/// All clients of a world.
pub(crate) struct Clients {
    pub(crate) fleet: Arc<Fleet>,
    /// How many instances there are to be.
    pub(crate) wanted: usize,
    repeats: Mutex<JoinSet<()>>,
    problems: Mutex<Problems>,
}

/// What clients have found wrong, and which instances they know by their keys.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    pub(crate) unequal: Vec<String>,
    pub(crate) errors: Vec<String>,
    pub(crate) keys: BTreeMap<String, InstanceId>,
    pub(crate) answers: usize,
    pub(crate) compared: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clients {
    pub(crate) fn of(fleet: Arc<Fleet>, wanted: usize) -> Arc<Self> {
        Arc::new(Self { fleet, wanted, repeats: Mutex::default(), problems: Mutex::default() })
    }

    pub(crate) fn core(&self) -> &Core {
        &self.fleet.core
    }

    /// Whether more is to be asked for.
    pub(crate) fn go_on(&self) -> bool {
        self.core().instances() < self.wanted
    }

    pub(crate) fn take_problems(&self) -> Problems {
        std::mem::take(&mut lock(&self.problems))
    }

    /// Something that a client was told cannot be.
    pub(crate) fn wrong(&self, what: String) {
        lock(&self.problems).errors.push(what);
    }

    /// Calls a function until it answers, and sometimes again later: that must give the same answer. All these calls have
    /// one key, and so are one execution. Gives nothing if it was refused, which is a problem of its own.
    pub(crate) async fn answer<F: Function>(
        self: &Arc<Self>,
        key: &str,
        call: impl Fn() -> Call<F> + Send + Sync + 'static,
    ) -> Option<F::Output>
    where
        F::Output: Serialize + Send,
    {
        self.know::<F>(key);
        let answer = self.ask(key, &call).await?;
        lock(&self.problems).answers += 1;
        if self.core().chance.chance(AGAIN) {
            let first = serde_json::to_value(&answer).unwrap_or_default();
            let (clients, key) = (Arc::clone(self), key.to_owned());
            lock(&self.repeats).spawn(async move {
                sleep(clients.core().chance.up_to(LATER)).await;
                count(&clients.core().counts.repeats);
                let again = clients.ask(&key, &call).await;
                let mut problems = lock(&clients.problems);
                problems.compared += 1;
                let again = again.map(|again| serde_json::to_value(&again).unwrap_or_default());
                if again.as_ref() != Some(&first) {
                    problems.unequal.push(format!("request {key} was answered with {first}, and again with {again:?}"));
                }
            });
        }
        Some(answer)
    }

    /// Starts a function without waiting for what it gives. Gives whether it was accepted.
    pub(crate) async fn start<F: Function>(&self, key: &str, call: impl Fn() -> Call<F>) -> bool {
        self.know::<F>(key);
        loop {
            match self.fleet.any().host.client().start(call()).idempotency_key(key).await {
                Ok(_) => return true,
                Err(ClientError::Unavailable { .. }) => sleep(self.core().chance.up_to(PAUSE)).await,
                Err(error) => {
                    self.wrong(format!("request {key} was not accepted: {error}"));
                    return false;
                }
            }
        }
    }

    /// Calls a `read_only` function until it answers.
    pub(crate) async fn observe<F: Function>(&self, call: impl Fn() -> Call<F>) -> Option<F::Output> {
        loop {
            match self.fleet.any().host.client().call(call()).await {
                Ok(answer) => return Some(answer),
                Err(ClientError::Unavailable { .. }) => sleep(self.core().chance.up_to(PAUSE)).await,
                Err(error) => {
                    self.wrong(format!("{}/{}: {error}", <F::Service as Service>::NAME, F::NAME));
                    return None;
                }
            }
        }
    }

    async fn ask<F: Function>(&self, key: &str, call: &(impl Fn() -> Call<F> + Sync)) -> Option<F::Output> {
        loop {
            let machine = self.fleet.any();
            match machine.host.client().call(call()).idempotency_key(key).await {
                Ok(answer) => return Some(answer),
                Err(ClientError::Unavailable { .. }) => sleep(self.core().chance.up_to(PAUSE)).await,
                Err(error) => {
                    self.wrong(format!("request {key} was refused: {error}"));
                    return None;
                }
            }
        }
    }

    fn know<F: Function>(&self, key: &str) {
        let instance = InstanceId::from_idempotency_key(<F::Service as Service>::NAME, F::NAME, key);
        lock(&self.problems).keys.insert(key.to_owned(), instance);
    }

    /// Waits for those who ask again.
    pub(crate) async fn end(&self) {
        let mut repeats = std::mem::take(&mut *lock(&self.repeats));
        while let Some(repeat) = repeats.join_next().await {
            if let Err(error) = repeat {
                self.wrong(format!("a client: {error}"));
            }
        }
    }
}
