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
use super::contest::Contest;
use super::panics;
use super::replay;
use super::run::panicked;
use super::scheduler::{Driven, Rule, Scheduler};
use super::states::{States, Ticks, Watched};
use super::stores::fresh_store;

use crate::environment::Settings;
use crate::host::{CrashPlan, LocalHost};
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

    /// Runs the one interleaving of these choices, and prints who sends what. So does `BELDI_REPLAY` in the environment of a
    /// test, which [`Explored::assert_passed`] tells with a failure.
    pub fn replay(mut self, choices: &[usize]) -> Self {
        self.replay = Some(choices.to_vec());
        self
    }

    /// Explores a scenario: it starts attempts, waits for them, and says what is wrong if something is.
    /// Each run has a store of its own.
    ///
    /// # Panics
    ///
    /// If there is no store or no host to be had, or `BELDI_REPLAY` holds no choices.
    pub async fn explore<S, U>(self, scenario: S) -> Explored
    where
        S: Fn(Contest) -> U,
        U: Future<Output = Result<(), String>>,
    {
        let wanted = || replay::wanted().map(|choices| choices_of(&choices));
        if let Some(choices) = self.replay.clone().or_else(wanted) {
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
            let run = panics::caught(Box::pin(scenario(contest.clone())));
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
            let words: Vec<_> = choices.iter().map(usize::to_string).collect();
            let again = replay::command_here(&words.join(" "));
            panic!("in interleaving {}: {broken}\nTo see who sends what:\n{again}", self.runs);
        }
        assert!(self.runs > 0, "no interleaving came to its end, and nothing was checked");
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

/// Choices as [`Explored::assert_passed`] tells them.
fn choices_of(text: &str) -> Vec<usize> {
    let parse = |word: &str| word.parse().unwrap_or_else(|_| panic!("{}: `{word}` is no choice", replay::REPLAY));
    text.split_whitespace().map(parse).collect()
}
