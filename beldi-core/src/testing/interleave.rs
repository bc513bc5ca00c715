//! All interleavings of a few attempts, at the granularity of one request.
//!
//! A scheduler holds every attempt before each of its requests and invocations. When all are held, it lets
//! one go on; the choices are exhausted depth first, by running the scenario again and again. It runs the
//! production code: what is chosen is only who is next.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::stores::fresh_store;
use crate::client::{Client, ClientError};
use crate::environment::Settings;
use crate::error::InvokeError;
use crate::function::Function;
use crate::host::{CrashPlan, CrashPoint, LocalHost, Verdict, When};
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
}

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
    run: usize,
}

impl Default for Interleavings {
    fn default() -> Self {
        Self::new()
    }
}

impl Interleavings {
    /// Explores with row logs of one entry, so that almost every write rolls.
    pub fn new() -> Self {
        Self { settings: Settings { log_entries: 1, ..Settings::default() }, sample: None }
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

    /// Explores a scenario: it starts attempts, waits for them, and says what is wrong if something is.
    /// All runs share one store: use [`Contest::unique`] for keys.
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
        let host = LocalHost::builder(fresh_store().await.expect("a store"))
            .world(VirtualWorld::new(0))
            .settings(self.settings.clone())
            .crash_plan(Arc::clone(&scheduler) as Arc<dyn CrashPlan>)
            .collect_every(None)
            .start()
            .await
            .expect("a host");
        let random = self.sample.map(|(seed, _)| fastrand::Rng::with_seed(seed));
        let mut choices = Choices { random, ..Choices::default() };
        let limit = self.sample.map_or(usize::MAX, |(_, runs)| runs);
        for run in 1..=limit {
            let contest = Contest { host: host.clone(), scheduler: Arc::clone(&scheduler), run };
            scheduler.lock().free = false;
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
    /// A name that no other run has.
    pub fn unique(&self, name: &str) -> String {
        format!("{name}-{}", self.run)
    }

    /// Lets all attempts run to their end, what follows their replies too; what is called after that is not
    /// scheduled any more.
    pub async fn settle(&self) {
        self.scheduler.let_go();
        while self.host.running() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
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

/// Holds attempts before their requests.
#[derive(Default)]
struct Scheduler {
    state: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// Nobody is held.
    free: bool,
    /// Who is held, by the number of the attempt.
    attempts: Vec<(u64, oneshot::Sender<()>)>,
}

impl CrashPlan for Scheduler {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let mut held = self.lock();
        if held.free || point.when == When::After {
            return Box::pin(std::future::ready(Verdict::Continue));
        }
        let (release, released) = oneshot::channel();
        held.attempts.push((point.attempt, release));
        Box::pin(async move {
            drop(released.await);
            Verdict::Continue
        })
    }
}

impl Scheduler {
    /// Runs a scenario to its end, releasing one attempt whenever all are held.
    async fn drive(
        &self,
        scenario: impl Future<Output = Result<(), String>>,
        choices: &mut Choices,
    ) -> Result<(), String> {
        let mut scenario = pin!(scenario);
        loop {
            tokio::select! {
                biased;
                outcome = &mut scenario => return outcome,
                // A paused clock advances only when no task can run: then everybody is held.
                () = tokio::time::sleep(Duration::from_millis(1)) => self.release(choices),
            }
        }
    }

    fn release(&self, choices: &mut Choices) {
        let held = &mut self.lock().attempts;
        held.sort_by_key(|(attempt, _)| *attempt);
        if !held.is_empty() {
            let chosen = choices.choose(held.len());
            let (_, release) = held.remove(chosen);
            // An attempt that was ended meanwhile does not care.
            let _ = release.send(());
        }
    }

    fn let_go(&self) {
        let mut held = self.lock();
        held.free = true;
        // Dropping a sender releases its attempt.
        held.attempts.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A path through the tree of choices.
#[derive(Default)]
struct Choices {
    /// What was chosen at each depth, and of how many.
    path: Vec<(usize, usize)>,
    depth: usize,
    /// Chooses at random instead of exhausting the tree.
    random: Option<fastrand::Rng>,
}

impl Choices {
    /// The choice at this depth: the one that is to be explored, or the first at a new depth.
    fn choose(&mut self, options: usize) -> usize {
        if self.depth == self.path.len() {
            let first = self.random.as_mut().map_or(0, |random| random.usize(..options));
            self.path.push((first, options));
        }
        let (chosen, known) = self.path[self.depth];
        debug_assert_eq!(known, options, "the scenario is not deterministic");
        self.depth += 1;
        chosen.min(options - 1)
    }

    /// Goes to the next path; gives whether there is one.
    fn next(&mut self) -> bool {
        self.path.truncate(self.depth);
        self.depth = 0;
        if self.random.is_some() {
            self.path.clear();
            return true;
        }
        while let Some((chosen, options)) = self.path.pop() {
            if chosen + 1 < options {
                self.path.push((chosen + 1, options));
                return true;
            }
        }
        false
    }

    fn taken(&self) -> Vec<usize> {
        self.path.iter().take(self.depth).map(|(chosen, _)| *chosen).collect()
    }
}
