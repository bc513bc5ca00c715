//! All interleavings of a few attempts, at the granularity of one request.
//!
//! A scheduler holds every attempt before each of its requests and invocations. When all are held, it lets
//! one go on; the choices are exhausted depth first, by running the scenario again and again. It runs the
//! production code: what is chosen is only who is next.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::scheduler::{Choices, Scheduler};
use super::stores::fresh_store;
use crate::client::{Client, ClientError};
use crate::environment::Settings;
use crate::error::InvokeError;
use crate::function::Function;
use crate::host::{CrashPlan, LocalHost};
use crate::ids::InstanceId;
use crate::invoke::{Delivery, Invocation, Invoker};
use crate::ops::Call;
use crate::service::Service;
use crate::world::VirtualWorld;

/// Runs a scenario in all interleavings of its attempts, or in a random sample of them.
///
/// Run it with paused tokio time, `#[tokio::test(start_paused = true)]`: the scheduler knows that all
/// attempts are held when time advances.
#[must_use = "nothing is explored until it is run"]
#[derive(Debug, Clone)]
pub struct Interleavings {
    settings: Settings,
    sample: Option<(u64, usize)>,
    interruptions: Option<usize>,
}

/// How long attempts may live: time passes with each request, and nobody is to die of it.
const LONG: Duration = Duration::from_secs(1800);

/// What an exploration found.
#[derive(Debug)]
pub struct Explored {
    /// How many interleavings were run.
    pub runs: usize,
    /// Whether these were all.
    pub exhausted: bool,
    /// The first interleaving that broke the scenario's check, as the choices that lead to it, and what broke.
    pub failure: Option<(Vec<usize>, String)>,
}

/// One run of a scenario.
#[derive(Clone)]
pub struct Contest {
    host: LocalHost,
    scheduler: Arc<Scheduler>,
}

impl Default for Interleavings {
    fn default() -> Self {
        Self::new()
    }
}

impl Interleavings {
    /// Explores with row logs of one entry, so that almost every write rolls.
    pub fn new() -> Self {
        let settings = Settings { log_entries: 1, timeout: LONG, longest_timeout: LONG, ..Settings::default() };
        Self { settings, sample: None, interruptions: None }
    }

    /// How many entries a row log holds.
    pub fn log_entries(mut self, entries: usize) -> Self {
        self.settings.log_entries = entries;
        self
    }

    /// Runs only this many, chosen at random; the same ones for the same seed.
    pub fn sample(mut self, seed: u64, runs: usize) -> Self {
        self.sample = Some((seed, runs));
        self
    }

    /// Leaves out interleavings in which attempts are interrupted more often than this: in which one goes on while
    /// another could that went on just before. Most mistakes need few interruptions, and scenarios of many requests
    /// have too many interleavings otherwise.
    pub fn interruptions(mut self, limit: usize) -> Self {
        self.interruptions = Some(limit);
        self
    }

    /// Explores a scenario: it starts attempts, waits for them, and says what is wrong if something is.
    /// Each run has a store of its own.
    ///
    /// # Panics
    ///
    /// If there is no store or no host to be had.
    pub async fn explore<S, U>(self, scenario: S) -> Explored
    where
        S: Fn(Contest) -> U,
        U: Future<Output = Result<(), String>>,
    {
        let scheduler = Arc::new(Scheduler::default());
        let random = self.sample.map(|(seed, _)| fastrand::Rng::with_seed(seed));
        let mut choices = Choices::new(random, self.interruptions);
        let limit = self.sample.map_or(usize::MAX, |(_, runs)| runs);
        for run in 1..=limit {
            // Of its own, so that nothing but the choices differs between runs: ids and digests of keys order things.
            let host = self.host(&scheduler).await;
            let contest = Contest { host, scheduler: Arc::clone(&scheduler) };
            let outcome = scheduler.drive(scenario(contest.clone()), &mut choices).await;
            contest.settle().await;
            if let Err(broken) = outcome {
                return Explored { runs: run, exhausted: false, failure: Some((choices.taken(), broken)) };
            }
            if !choices.next() {
                return Explored { runs: run, exhausted: true, failure: None };
            }
        }
        Explored { runs: limit, exhausted: false, failure: None }
    }

    async fn host(&self, scheduler: &Arc<Scheduler>) -> LocalHost {
        let host = LocalHost::builder(fresh_store().await.expect("a store"))
            .world(VirtualWorld::new(0))
            .settings(self.settings.clone())
            .crash_plan(Arc::clone(scheduler) as Arc<dyn CrashPlan>)
            .collect_every(None)
            .collect_garbage_every(None)
            .start();
        host.await.expect("a host")
    }
}

impl Explored {
    /// Panics with the interleaving that failed, if one did.
    ///
    /// # Panics
    ///
    /// If an interleaving broke the scenario's check.
    pub fn assert_passed(&self) {
        if let Some((choices, broken)) = &self.failure {
            panic!("after {} interleavings, in the one with choices {choices:?}: {broken}", self.runs);
        }
    }
}

impl Contest {
    /// Lets all attempts run to their end, what follows their replies too; what is called after that is not
    /// scheduled any more.
    pub async fn settle(&self) {
        self.scheduler.set_free(true);
        while self.host.running() > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Calls a function before the contest begins: it is not scheduled, and has ended when this gives its result.
    ///
    /// # Errors
    ///
    /// There was no result.
    pub async fn before<F: Function>(&self, call: Call<F>) -> Result<F::Output, ClientError> {
        self.scheduler.set_free(true);
        let result = self.client().call(call).await;
        self.settle().await;
        self.scheduler.set_free(false);
        result
    }

    /// A second attempt of an instance of function `F` that somebody else calls: it starts, in replay, when the first
    /// has come to its first request. Nobody gets its answer.
    pub async fn repetition_of<F: Function>(&self) {
        let first = self.seen::<F>().await;
        // Whatever it answers: what it did is for the scenario to look at.
        drop(self.host.invoke(Invocation { delivery: Delivery::Repeat, ..first }).await);
    }

    /// The invocation of the first instance of function `F`, when it has come to its first request.
    pub async fn seen<F: Function>(&self) -> Invocation {
        let (service, function) = (<F::Service as Service>::NAME, F::NAME);
        let is_first = |seen: &Invocation| {
            seen.service == service && seen.function == function && seen.delivery == Delivery::First
        };
        (*self.scheduler.seen(is_first).await).clone()
    }

    /// The run's host.
    pub fn host(&self) -> &LocalHost {
        &self.host
    }

    /// A client of the run's host.
    pub fn client(&self) -> Client {
        self.host.client()
    }

    /// One attempt of the instance that `key` names, with its answer. Several of the same key run at once
    /// are attempts of one instance.
    ///
    /// # Errors
    ///
    /// The attempt gave no result.
    pub async fn attempt<F: Function>(
        &self,
        key: impl Into<String>,
        repeat: bool,
        call: Call<F>,
    ) -> Result<F::Output, ClientError> {
        let key = key.into();
        let (service, function) = (<F::Service as Service>::NAME, F::NAME);
        let instance = InstanceId::from_idempotency_key(service, function, &key);
        let (service, function) = (service.to_owned(), function.to_owned());
        let delivery = if repeat { Delivery::Repeat } else { Delivery::First };
        let (arguments, caller, transaction) = (call.arguments?, None, None);
        let invocation = Invocation { service, function, instance, arguments, caller, delivery, transaction };
        match self.host.invoke(invocation).await {
            Ok(result) => Ok((F::CODEC.decode_output)(&result)?),
            Err(InvokeError::Refused(problem)) => Err(ClientError::Refused(problem)),
            Err(InvokeError::Unavailable(message)) => Err(ClientError::Unavailable { instance, message }),
        }
    }
}
