//! The crash matrix.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::director::Director;
use super::disturbance::Disturbance;
use super::outside;
use super::replay;
use super::schedule::Schedule;
use super::state::{self, Tables};
use super::stores::{at_endpoint, fresh_store};
use super::trial::Trial;
use crate::attempt::Nondeterminism;
use crate::environment::Settings;
use crate::host::LocalHost;
use crate::store::StoreError;
use crate::world::VirtualWorld;

type Scenario = Box<dyn Fn(Trial) -> Pin<Box<dyn Future<Output = serde_json::Value>>>>;

/// Runs a scenario once undisturbed, then once for each crash point and each [`Disturbance`], each time on an empty
/// store; the results of all calls, the final state of all tables and what happened outside must equal those of the
/// undisturbed run, every instance must be done, and no row locked. The handlers of the undisturbed run are audited
/// ([`LocalHost::audit`]).
///
/// Run it with paused tokio time, `#[tokio::test(start_paused = true)]`: then waiting costs nothing.
///
/// ```
/// # use beldi_core::testing::CrashMatrix;
/// # async fn example() {
/// let report = CrashMatrix::new(|trial| async move {
///     // trial.call(shop::buy("tea".into())).await.expect("a result")
/// #   drop(trial);
/// })
/// .run()
/// .await;
/// report.assert_passed();
/// # }
/// ```
#[must_use = "a matrix does nothing until it is run"]
pub struct CrashMatrix {
    scenario: Scenario,
    setup: Option<Scenario>,
    settings: Settings,
    ignored: BTreeSet<String>,
    aliases: fn(&serde_json::Value) -> Vec<String>,
    disturbances: Vec<Disturbance>,
}

/// What a matrix found.
#[derive(Debug)]
pub struct Report {
    /// How many crash points the undisturbed run has: twice its requests and invocations.
    pub points: usize,
    /// How many disturbed runs were as the undisturbed one.
    pub passed: usize,
    /// The others.
    pub failures: Vec<Failure>,
    /// What the scenario gave without any disturbance, as JSON.
    pub result: String,
    /// What it left in the tables without any disturbance: rows as JSON, sorted, by the table's name.
    pub tables: BTreeMap<String, Vec<String>>,
}

/// A disturbed run that was not as the undisturbed one.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    pub disturbance: Disturbance,
    /// Where: the number of the point, and its action.
    pub point: String,
    /// The difference.
    pub difference: String,
    /// Whether the run is as the undisturbed one but for not coming to this point, so that nothing was disturbed: for
    /// example because several calls want the same, and their order is not the same in each run.
    pub missed: bool,
    /// The schedule of the run, for `BELDI_REPLAY`: in a test with that in its environment, [`CrashMatrix::run`] runs
    /// only this, with a trace.
    pub replay: String,
}

/// What a run leaves.
#[derive(Debug, PartialEq)]
struct Outcome {
    result: String,
    /// What each call gave.
    calls: Vec<String>,
    /// What happened outside, and what happened there more than once.
    effects: Vec<String>,
    repeated: Vec<String>,
    tables: Tables,
    unfinished: Vec<String>,
    locked: Vec<String>,
    /// Handlers that do not do the same twice.
    nondeterminism: Vec<Nondeterminism>,
}

impl CrashMatrix {
    /// A matrix over a scenario: an async function that calls functions and gives their results.
    pub fn new<S, U>(scenario: S) -> Self
    where
        S: Fn(Trial) -> U + 'static,
        U: Future<Output: Serialize> + 'static,
    {
        Self {
            scenario: boxed(scenario),
            setup: None,
            settings: Settings { log_entries: 2, ..Settings::default() },
            ignored: BTreeSet::new(),
            aliases: |_| Vec::new(),
            disturbances: Disturbance::ALL.to_vec(),
        }
    }

    /// Runs before the scenario in every run, undisturbed.
    pub fn setup<S, U>(mut self, setup: S) -> Self
    where
        S: Fn(Trial) -> U + 'static,
        U: Future<Output: Serialize> + 'static,
    {
        self.setup = Some(boxed(setup));
        self
    }

    /// Leaves attributes and members of this name out of the comparison: times, for example, which are
    /// other ones after a recovery.
    pub fn ignore(mut self, name: &str) -> Self {
        self.ignored.insert(name.to_owned());
        self
    }

    /// Names values that are other ones in each run, such as ids made from the time, by the scenario's
    /// result; each is replaced by its place in the list wherever it stands.
    pub fn aliases(mut self, aliases: fn(&serde_json::Value) -> Vec<String>) -> Self {
        self.aliases = aliases;
        self
    }

    /// The limits of the protocol. By default row logs hold two entries, so that they are rolled often.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Only these disturbances.
    pub fn only(mut self, disturbances: &[Disturbance]) -> Self {
        self.disturbances = disturbances.to_vec();
        self
    }

    /// Runs the matrix. If `BELDI_REPLAY` holds a schedule, only that, with a trace.
    ///
    /// # Panics
    ///
    /// If the scenario fails without any disturbance, a handler is not deterministic, or `BELDI_REPLAY` is no schedule.
    pub async fn run(&self) -> Report {
        let calm = Director::playing(Schedule::calm());
        let expected = match self.run_once(&calm).await {
            Ok(outcome) => outcome,
            Err(error) => panic!("the scenario fails without any disturbance: {error}"),
        };
        assert!(expected.unfinished.is_empty(), "without any disturbance unfinished: {:?}", expected.unfinished);
        assert!(expected.locked.is_empty(), "without any disturbance locked: {:?}", expected.locked);
        assert!(expected.repeated.is_empty(), "without any disturbance repeated: {:?}", expected.repeated);
        if let Some(found) = expected.nondeterminism.first() {
            panic!("{found}");
        }
        if let Some(schedule) = replay::wanted() {
            return self.replay(&schedule, expected).await;
        }
        let places = calm.places();
        let (mut passed, mut failures) = (0, Vec::new());
        for disturbance in self.disturbances.iter().copied() {
            let admitted = places.iter().enumerate().filter(|(_, place)| calm.admits(**place, disturbance));
            for (number, place) in admitted {
                let schedule = Schedule::one(*place, disturbance);
                match self.disturbed(&Director::playing(schedule), &expected).await {
                    None => passed += 1,
                    Some(failure) => {
                        failures.push(Failure { point: format!("point {number}: {}", failure.point), ..failure });
                    }
                }
            }
        }
        Report { points: places.len(), passed, failures, result: expected.result, tables: expected.tables }
    }

    /// One disturbed run, and how it was different. A schedule without disturbances has no failure.
    async fn disturbed(&self, plan: &Arc<Director>, expected: &Outcome) -> Option<Failure> {
        let outcome = self.run_once(plan).await;
        let disturbance = plan.schedule().events.first()?.disturbance;
        let hit = plan.happened().pop().map(|hit| hit.point);
        let different = difference(expected, outcome);
        if different.is_none() && hit.is_some() {
            return None;
        }
        Some(Failure {
            disturbance,
            point: hit.unwrap_or("not reached".to_owned()),
            missed: different.is_none(),
            difference: different.unwrap_or("the scenario does not come here again".to_owned()),
            replay: plan.schedule().to_string(),
        })
    }

    /// Runs one schedule with a trace.
    async fn replay(&self, schedule: &str, expected: Outcome) -> Report {
        let schedule: Schedule =
            schedule.parse().unwrap_or_else(|word| panic!("{}: `{word}` is no part of a schedule", replay::REPLAY));
        let failure = self.disturbed(&Director::tracing(schedule), &expected).await;
        Report {
            points: 1,
            passed: usize::from(failure.is_none()),
            failures: failure.into_iter().collect(),
            result: expected.result,
            tables: expected.tables,
        }
    }

    async fn run_once(&self, plan: &Arc<Director>) -> Result<Outcome, String> {
        outside::forget();
        let mut settings = self.settings.clone();
        if plan.callers_give_up() {
            settings.call_tries = 1;
        }
        let store = fresh_store().await.map_err(|error| error.to_string())?;
        let builder = LocalHost::builder(store);
        // A handler that differs does so undisturbed as well, and there are many disturbed runs.
        let builder = if plan.disturbs() { builder } else { builder.audited() };
        let host = builder
            .world(VirtualWorld::new(0))
            .settings(settings)
            .crash_plan(Arc::clone(plan) as Arc<dyn crate::host::CrashPlan>)
            .collect_every(None)
            .collect_garbage_every(None)
            .start()
            .await
            .map_err(|error| error.to_string())?;
        let outcome = self.play(&host, plan).await;
        plan.disarm();
        outcome.map_err(|error| error.to_string())
    }

    /// Plays the scenario on a host, and looks at what it leaves.
    async fn play(&self, host: &LocalHost, plan: &Director) -> Result<Outcome, StoreError> {
        let trial = Trial::new(host.clone());
        if let Some(setup) = &self.setup {
            setup(trial.clone()).await;
            host.settle().await?;
        }
        plan.arm(host.clone());
        let mut result = (self.scenario)(trial.clone()).await;
        plan.deliver_all().await;
        host.settle().await?;
        // Zombies go on until they end or their time is over: they must not change anything either.
        host.shutdown(Duration::from_secs(3600)).await;
        let environment = host.environment();
        let aliases = (self.aliases)(&result);
        state::strip(&mut result, &self.ignored);
        let result = state::replace(result.to_string(), &aliases);
        let replaced = |texts: Vec<String>| texts.into_iter().map(|text| state::replace(text, &aliases)).collect();
        let (calls, effects) = (replaced(trial.results(&self.ignored)), replaced(outside::effects()));
        let repeated = outside::repeated().into_iter().chain(super::run::panicked(host)).collect();
        let tables = state::tables(&environment, &self.ignored, &aliases).await?;
        let unfinished = state::unfinished(&environment).await?;
        let locked = state::locked_rows(host).await?;
        let nondeterminism = host.audit().await;
        Ok(Outcome { result, calls, effects, repeated, tables, unfinished, locked, nondeterminism })
    }
}

fn boxed<S, U>(scenario: S) -> Scenario
where
    S: Fn(Trial) -> U + 'static,
    U: Future<Output: Serialize> + 'static,
{
    Box::new(move |trial| {
        let run = scenario(trial);
        Box::pin(async move { serde_json::to_value(run.await).expect("a scenario's result can be written as JSON") })
    })
}

fn difference(expected: &Outcome, outcome: Result<Outcome, String>) -> Option<String> {
    let outcome = match outcome {
        Ok(outcome) if outcome == *expected => return None,
        Ok(outcome) => outcome,
        Err(error) => return Some(format!("the run failed: {error}")),
    };
    let mut differences = Vec::new();
    if outcome.result != expected.result {
        differences.push(format!("the result is {} and not {}", outcome.result, expected.result));
    }
    if outcome.calls != expected.calls {
        differences.push(format!("the calls gave {:?} and not {:?}", outcome.calls, expected.calls));
    }
    if outcome.effects != expected.effects {
        differences.push(format!("outside happened {:?} and not {:?}", outcome.effects, expected.effects));
    }
    differences.extend(outcome.repeated);
    for (table, rows) in &expected.tables {
        let found = outcome.tables.get(table);
        if found != Some(rows) {
            differences.push(format!("table `{table}` holds {found:#?} and not {rows:#?}"));
        }
    }
    if !outcome.unfinished.is_empty() {
        differences.push(format!("unfinished: {:?}", outcome.unfinished));
    }
    if !outcome.locked.is_empty() {
        differences.push(format!("still locked: {:?}", outcome.locked));
    }
    Some(differences.join("; "))
}

impl Report {
    /// Panics with the first failures, if there are any. On a store at an endpoint ([`fresh_store`]) a run may have
    /// missed its point: the network decides which of several calls is first.
    ///
    /// # Panics
    ///
    /// If a disturbed run was not as the undisturbed one, or if nothing was disturbed.
    pub fn assert_passed(&self) {
        assert!(self.points > 0, "the scenario sends no request, so the matrix is empty");
        let may_miss = at_endpoint();
        assert!(self.failures.iter().all(|failure| failure.missed && may_miss), "{self}");
        assert!(self.passed > 0, "no run was disturbed: there is no point for the disturbances that are wanted");
    }
}

/// The first failures, those before others that were not just missed.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (missed, different): (Vec<_>, Vec<_>) = self.failures.iter().partition(|failure| failure.missed);
        for failure in different.iter().chain(&missed).take(3) {
            let difference: String = failure.difference.chars().take(2_000).collect();
            writeln!(f, "{}: {}: {difference}", failure.disturbance, failure.point)?;
            writeln!(f, "To see each request and its answer:\n{}", replay::command_here(&failure.replay))?;
        }
        write!(f, "{} passed, {} failed", self.passed, self.failures.len())?;
        if !missed.is_empty() {
            write!(f, ", {} of these only in that they did not come to their point", missed.len())?;
        }
        Ok(())
    }
}
