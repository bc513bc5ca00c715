//! `#[beldi::test]`: a body that is run undisturbed, then disturbed in all the ways that were asked for.
//!
//! A body that fails is reported with the fewest disturbances that make it fail, and with the command that runs it
//! so again and prints what its attempts do.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;

use super::director::{Director, Happened};
use super::disturbance::Disturbance;
use super::replay::{self, REPLAY};
use super::run::{Outcome, TestResult, run};
use super::schedule::Schedule;
use super::trial::Trial;

/// The most runs that are spent on making a failing schedule smaller.
const MAX_SHRINKING_RUNS: usize = 200;

/// A test in a world of its own: an empty store in memory, time that stands still until everybody waits, ids that are
/// the same each time. `#[beldi::test]` makes one of a function; this is the same by hand.
///
/// ```no_run
/// // In a program that has functions; otherwise there is no world to make.
/// use beldi_core::testing::{Case, Trial};
///
/// Case::new("nothing_is_called").everywhere().seeds(3).run(|trial: Trial| async move {
///     trial.settle().await;
/// });
/// ```
///
/// The body is run undisturbed first. All instances must end, no row may stay locked, and every handler is audited
/// ([`LocalHost::audit`](crate::host::LocalHost::audit)): run again on what it saw, it must do the same.
#[derive(Debug, Clone)]
#[must_use = "a test does nothing until it is run"]
pub struct Case {
    name: &'static str,
    /// The package that it is in, if it is known.
    package: Option<&'static str>,
    everywhere: bool,
    seeds: Vec<u64>,
    ignored: BTreeSet<String>,
}

/// A schedule that makes a body fail, and how.
struct Failure {
    schedule: Schedule,
    happened: Vec<Happened>,
    message: String,
}

impl Case {
    /// A test of this name, with its modules: `orders::tests::places_one`.
    pub fn new(name: &'static str) -> Self {
        Self { name, package: None, everywhere: false, seeds: Vec::new(), ignored: BTreeSet::new() }
    }

    /// The package that the test is in, for the command that replays a failure.
    pub fn in_package(mut self, package: &'static str) -> Self {
        self.package = Some(package);
        self
    }

    /// Runs the body again for each point before and after each request and invocation, and each way to disturb it
    /// there: crash, duplicate, stalled zombie ([`Disturbance::ALL`]). The results of all calls, what is in the tables
    /// and what happened outside must be as undisturbed.
    pub fn everywhere(mut self) -> Self {
        self.everywhere = true;
        self
    }

    /// Runs the body under the random schedule of this seed: requests take some time and overtake each other,
    /// deliveries are repeated and reordered, attempts die and stall. The body's own assertions must hold.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seeds.push(seed);
        self
    }

    /// The same for the seeds from 1 to `seeds`.
    pub fn seeds(mut self, seeds: u64) -> Self {
        self.seeds.extend(1..=seeds);
        self
    }

    /// Leaves attributes and members of this name out when runs are compared: times, for example, which are other ones
    /// after a recovery.
    pub fn ignore(mut self, name: &str) -> Self {
        self.ignored.insert(name.to_owned());
        self
    }

    /// Runs the test. If `BELDI_REPLAY` holds a schedule, only that, with a trace.
    ///
    /// # Panics
    ///
    /// If the body fails, or a run is not as it must be. The message says how, with the schedule to replay.
    #[expect(clippy::panic, reason = "a test fails by a panic")]
    pub fn run<B, U>(self, body: B)
    where
        B: Fn(Trial) -> U,
        U: Future<Output: TestResult>,
    {
        let failure = match replay::wanted() {
            Some(schedule) => self.replay(&body, &schedule),
            None => self.find(&body).map(|failure| self.report(&failure)),
        };
        if let Some(report) = failure {
            panic!("{report}");
        }
    }

    /// The first run that fails, made small.
    fn find<B, U>(&self, body: &B) -> Option<Failure>
    where
        B: Fn(Trial) -> U,
        U: Future<Output: TestResult>,
    {
        let director = Director::playing(Schedule::calm());
        let calm = match run(body, &director, &self.ignored) {
            Ok(outcome) => outcome,
            Err(message) => return Some(Failure { schedule: Schedule::calm(), happened: Vec::new(), message }),
        };
        let places = if self.everywhere { director.places() } else { Vec::new() };
        if self.everywhere && places.is_empty() {
            let message = "the test calls nothing that could be disturbed".to_owned();
            return Some(Failure { schedule: Schedule::calm(), happened: Vec::new(), message });
        }
        for place in places {
            for disturbance in Disturbance::ALL.into_iter().filter(|disturbance| director.admits(place, *disturbance)) {
                let failure = self.play(body, &Director::playing(Schedule::one(place, disturbance)), Some(&calm));
                if failure.is_some() {
                    return failure;
                }
            }
        }
        let failure = self.seeds.iter().find_map(|seed| self.play(body, &Director::random(*seed), None))?;
        Some(self.shrink(body, failure))
    }

    /// Plays one schedule; compares it with an undisturbed run, if there is one to compare with.
    fn play<B, U>(&self, body: &B, director: &Arc<Director>, calm: Option<&Outcome>) -> Option<Failure>
    where
        B: Fn(Trial) -> U,
        U: Future<Output: TestResult>,
    {
        let outcome = run(body, director, &self.ignored);
        let happened = director.happened();
        let message = match (outcome, calm) {
            (Err(message), _) => message,
            (Ok(_), Some(_)) if happened.is_empty() => {
                let schedule = director.schedule().clone();
                let message =
                    "what was to be disturbed did not come again: it depends on something that is another in \
                               each run, such as a random id or a static"
                        .to_owned();
                return Some(Failure { schedule, happened, message });
            }
            (Ok(outcome), Some(calm)) => outcome.difference(calm)?,
            (Ok(_), None) => return None,
        };
        Some(Failure { schedule: director.played(), happened, message })
    }

    /// Leaves out disturbances as long as the body still fails.
    fn shrink<B, U>(&self, body: &B, mut failure: Failure) -> Failure
    where
        B: Fn(Trial) -> U,
        U: Future<Output: TestResult>,
    {
        let mut runs = 0;
        loop {
            let schedule = &failure.schedule;
            let undelayed = schedule.delays.then(|| Schedule { delays: false, ..schedule.clone() });
            let smaller = (0..schedule.events.len()).map(|event| schedule.without(event));
            let smaller: Vec<_> = undelayed.into_iter().chain(smaller).collect();
            let still = smaller.into_iter().find_map(|schedule| {
                runs += 1;
                let within = runs <= MAX_SHRINKING_RUNS;
                within.then(|| self.play(body, &Director::playing(schedule), None)).flatten()
            });
            match still {
                Some(smaller) => failure = smaller,
                None => return failure,
            }
        }
    }

    /// Plays a schedule with a trace. It is reported as it is.
    fn replay<B, U>(&self, body: &B, schedule: &str) -> Option<String>
    where
        B: Fn(Trial) -> U,
        U: Future<Output: TestResult>,
    {
        let schedule: Schedule = match schedule.parse() {
            Ok(schedule) => schedule,
            Err(word) => return Some(format!("{REPLAY}: `{word}` is no part of a schedule")),
        };
        let compared = self.everywhere && !schedule.delays && !schedule.events.is_empty();
        let calm = compared.then(|| run(body, &Director::playing(Schedule::calm()), &self.ignored).ok()).flatten();
        eprintln!("{}: {schedule}", self.name);
        let failure = self.play(body, &Director::tracing(schedule), calm.as_ref());
        failure.map(|failure| self.report(&failure))
    }

    fn report(&self, failure: &Failure) -> String {
        let Failure { schedule, happened, message } = failure;
        let mut report = match (happened.is_empty(), schedule.delays) {
            (true, false) if !schedule.events.is_empty() => format!("`{}` is not the same in each run", self.name),
            (true, false) => format!("`{}` fails without any disturbance", self.name),
            (true, true) => format!("`{}` fails when requests take some time (seed {})", self.name, schedule.seed),
            (false, _) => format!("`{}` fails when it is disturbed (seed {})", self.name, schedule.seed),
        };
        for (number, happened) in happened.iter().enumerate() {
            // Writing to a string does not fail.
            let _ = write!(report, "\n  {}. {happened}", number + 1);
        }
        let test = self.name.split_once("::").map_or(self.name, |(_, test)| test);
        let _ = write!(report, "\n\n{message}\n\nTo see each request and its answer:\n");
        report.push_str(&replay::command(self.package, Some(test), schedule));
        report
    }
}
