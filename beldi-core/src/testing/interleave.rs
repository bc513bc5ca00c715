//! All interleavings of a few attempts, at the granularity of one request.
//!
//! A scheduler holds every attempt before each of its requests and invocations. When all are held, it lets
//! one go on; the choices are exhausted depth first, by running the scenario again and again. It runs the
//! production code: what is chosen is only who is next. A run that comes to a state from which another has gone on
//! is broken off: see [`states`](super::states).

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::choices::Choices;
use super::panics;
use super::run::panicked;
use super::scheduler::{Driven, Rule, Scheduler};
use super::states::{States, Ticks, Watched};
use super::stores::fresh_store;
use futures_util::future::join_all;

use crate::client::{Client, ClientError};
use crate::collector;
use crate::environment::{Environment, Settings};
use crate::error::InvokeError;
use crate::function::Function;
use crate::garbage;
use crate::host::{CrashPlan, CrashPoint, LocalHost, Verdict, When};
use crate::ids::InstanceId;
use crate::invoke::{Delivery, Invocation, Invoker};
use crate::ops::Call;
use crate::service::Service;
use crate::world::{VirtualWorld, World};

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
    at_most: Option<usize>,
    time_passes: bool,
    replay: Option<Vec<usize>>,
}

/// How long attempts live: longer than any run takes if a scenario does not let time pass.
const LIFETIME: Duration = Duration::from_secs(1800);

/// What an exploration found.
#[derive(Debug, Default)]
pub struct Explored {
    /// How many interleavings were run to their end.
    pub runs: usize,
    /// How many others were broken off, because they came to a state from which one of those has gone on.
    pub broken_off: usize,
    /// How many states there were; 0 where they are not compared.
    pub states: usize,
    /// Whether these were all, or all with so few interruptions.
    pub exhausted: bool,
    /// How often attempts were interrupted at most, if others were left out; see [`Interleavings::at_most`].
    pub interruptions: Option<usize>,
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
        let settings = Settings { log_entries: 1, timeout: LIFETIME, longest_timeout: LIFETIME, ..Settings::default() };
        Self { settings, sample: None, interruptions: None, at_most: None, time_passes: false, replay: None }
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

    /// Explores those interleavings in which attempts are interrupted so often at most: in which one goes on while another
    /// could that went on just before. Most mistakes need few interruptions, and scenarios of many requests have too many
    /// interleavings otherwise.
    pub fn interruptions(mut self, interruptions: usize) -> Self {
        self.interruptions = Some(interruptions);
        self
    }

    /// Explores interleavings with more [`interruptions`](Self::interruptions), one more and so on, as long as there are no
    /// more than this, those that were broken off included.
    pub fn at_most(mut self, interleavings: usize) -> Self {
        self.at_most = Some(interleavings);
        self
    }

    /// Lets time pass with each request, for functions that ask what time it is. Otherwise it passes when an attempt
    /// begins, and interleavings that differ only in the order of requests which do not concern each other are
    /// explored once; this explores them all.
    pub fn time_passes(mut self) -> Self {
        self.time_passes = true;
        self
    }

    /// Runs the one interleaving of these choices, which [`Explored::assert_passed`] has told of a failure, and prints who
    /// sends what.
    pub fn replay(mut self, choices: &[usize]) -> Self {
        self.replay = Some(choices.to_vec());
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
        if let Some(choices) = self.replay.clone() {
            return self.explore_within(1, Choices::replaying(choices), &scenario).await;
        }
        if let Some((seed, runs)) = self.sample {
            let choices = Choices::new(Some(fastrand::Rng::with_seed(seed)), None);
            return self.explore_within(runs, choices, &scenario).await;
        }
        let first = self.interruptions.or(self.at_most.map(|_| 0));
        let mut explored = self.explore_within(usize::MAX, Choices::new(None, first), &scenario).await;
        while let (Some(limit), Some(interruptions)) = (self.at_most, explored.interruptions)
            && explored.exhausted
        {
            let more = self.explore_within(limit, Choices::new(None, Some(interruptions + 1)), &scenario).await;
            if !more.exhausted && more.failure.is_none() {
                break;
            }
            explored = more;
        }
        explored
    }

    /// Explores no more than `limit`.
    async fn explore_within<S, U>(&self, limit: usize, mut choices: Choices, scenario: &S) -> Explored
    where
        S: Fn(Contest) -> U,
        U: Future<Output = Result<(), String>>,
    {
        let scheduler = Arc::new(Scheduler::new(self.settings.timeout));
        let compares = self.sample.is_none() && self.replay.is_none() && !self.time_passes;
        let mut states = compares.then(States::default);
        let mut explored = Explored::default();
        while explored.runs + explored.broken_off < limit {
            // Of its own, so that nothing but the choices differs between runs: ids and digests of keys order things.
            let host = self.host(&scheduler).await;
            let contest = Contest { host, scheduler: Arc::clone(&scheduler) };
            let run = panics::caught(scenario(contest.clone()));
            match scheduler.drive(async { run.await.unwrap_or_else(Err) }, &mut choices, states.as_mut()).await {
                Driven::Ended(outcome) => {
                    contest.settle().await;
                    explored.runs += 1;
                    let outcome = outcome.and_then(|()| panicked(&contest.host).map_or(Ok(()), Err));
                    explored.failure = outcome.err().map(|broken| (choices.made(), broken));
                }
                Driven::Known => {
                    contest.end(Rule::Die).await;
                    explored.broken_off += 1;
                }
            }
            explored.states = states.as_ref().map_or(0, States::len);
            if explored.failure.is_some() {
                break;
            }
            if !choices.next() {
                explored.exhausted = true;
                break;
            }
        }
        explored.interruptions = choices.left_out();
        explored
    }

    async fn host(&self, scheduler: &Arc<Scheduler>) -> LocalHost {
        let inner = fresh_store().await.expect("a store");
        let world = VirtualWorld::new(0);
        let begin_ms = world.now_ms();
        let (watched, elapsed) = (Arc::new(Watched { inner, scheduler: Arc::clone(scheduler) }), scheduler.elapsed());
        let builder = match self.time_passes {
            true => LocalHost::builder(watched).world(world),
            false => LocalHost::builder(watched).world(Ticks { inner: world, begin_ms, elapsed }),
        };
        let builder = builder.settings(self.settings.clone()).collect_every(None).collect_garbage_every(None);
        builder.crash_plan(Arc::clone(scheduler) as Arc<dyn CrashPlan>).start().await.expect("a host")
    }
}

impl Explored {
    /// Panics with the interleaving that failed, if one did.
    ///
    /// # Panics
    ///
    /// If an interleaving broke the scenario's check, or none came to its end.
    pub fn assert_passed(&self) {
        if let Some((choices, broken)) = &self.failure {
            let replay =
                format!("`.replay(&{choices:?})` in the place of `.at_most(..)` or `.sample(..)` runs it again");
            panic!("in interleaving {}: {broken}\n{replay}, and prints who sends what", self.runs);
        }
        assert!(self.runs > 0, "no interleaving came to its end, and nothing was checked");
    }
}

/// A clock that is a day ahead of another.
struct Ahead(Arc<dyn World>);

impl World for Ahead {
    fn now_ms(&self) -> u64 {
        self.0.now_ms() + 24 * 3_600_000
    }

    fn fresh_id(&self) -> InstanceId {
        self.0.fresh_id()
    }
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, broken_off, states, .. } = self;
        let bound = match self.interruptions {
            Some(interruptions) => format!(" with at most {interruptions} interruptions"),
            None => String::new(),
        };
        match (self.exhausted, states) {
            (true, 0) => write!(f, "all interleavings{bound}: {runs} run to their end"),
            (true, _) => {
                write!(f, "all interleavings{bound}: {runs} run to their end, {broken_off} broken off, {states} states")
            }
            (false, _) => write!(f, "a part of the interleavings{bound}: {runs} run to their end"),
        }
    }
}

impl Contest {
    /// Lets all attempts run to their end, what follows their replies too; what is called after that is not
    /// scheduled any more.
    pub async fn settle(&self) {
        self.end(Rule::GoOn).await;
    }

    async fn end(&self, rule: Rule) {
        self.scheduler.set_rule(rule);
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
        self.unscheduled(self.client().call(call)).await
    }

    /// Does something that is not scheduled, before the contest begins or after it has ended: all attempts have ended
    /// when this gives what came of it.
    pub async fn unscheduled<T>(&self, work: impl IntoFuture<Output = T>) -> T {
        self.scheduler.set_rule(Rule::GoOn);
        let result = work.await;
        self.settle().await;
        self.scheduler.set_rule(Rule::TakeTurns);
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

    /// One round of a service's collector, whose clock is a day ahead, so that it takes every instance for dead that is
    /// not done. Its requests are scheduled like those of attempts.
    pub async fn collect(&self, service: &str) {
        let mut environment = self.collector(service);
        environment.world = Arc::new(Ahead(Arc::clone(&environment.world)));
        let (_, claims) = collector::claim_due(&environment, service, |_, _| true).await;
        // What they answer nobody wants to know.
        drop(join_all(claims.into_iter().map(|claim| self.host.invoke(claim.invocation))).await);
    }

    /// One cycle of a service's garbage collector. Its requests are scheduled like those of attempts, and it never dies of
    /// its age.
    pub async fn collect_garbage(&self, service: &str) {
        // What it could not do is left to the next.
        drop(garbage::collect_garbage(&self.collector(service), service).await);
    }

    /// Lets so much time pass at once, when it is its turn: that of clocks. Attempts that began a lifetime ago, which is
    /// half an hour, are dead after it. Tells nothing with [`Interleavings::time_passes`], where clocks go by themselves.
    pub async fn pass(&self, time: Duration) {
        let attempt = self.host.number_of_attempt();
        let point = CrashPoint {
            invocation: Arc::new(nobody("time", "passes")),
            attempt,
            number: 1,
            action: format!("{time:?} pass"),
            when: When::Before,
            step: None,
            key: None,
            answer: None,
        };
        if self.scheduler.decide(point).await == Verdict::Continue {
            self.scheduler.pass(attempt, time);
        }
    }

    /// What a collector of a service runs in.
    fn collector(&self, service: &str) -> Environment {
        self.host.environment_of_collector(&nobody(service, "collector"))
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
        let invocation =
            Invocation { service, function, instance, arguments, caller, delivery, transaction, contract: None };
        match self.host.invoke(invocation).await {
            Ok(result) => Ok((F::CODEC.decode_output)(&result)?),
            Err(InvokeError::Refused(problem)) => Err(ClientError::Refused(problem)),
            Err(InvokeError::Unavailable(message)) => Err(ClientError::Unavailable { instance, message }),
        }
    }
}

/// An invocation of no instance, for who takes turns without being an attempt.
fn nobody(service: &str, function: &str) -> Invocation {
    Invocation {
        service: service.to_owned(),
        function: function.to_owned(),
        instance: InstanceId::from_u128(0),
        arguments: "null".to_owned(),
        caller: None,
        delivery: Delivery::Nudge,
        transaction: None,
        contract: None,
    }
}
