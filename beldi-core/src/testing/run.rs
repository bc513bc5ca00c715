//! One run of a test's body in a world of its own, and what must hold at its end.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::director::Director;
use super::outside;
use super::panics;
use super::state::{self, Tables};
use super::stores::fresh_store;
use super::trial::Trial;
use crate::environment::Settings;
use crate::host::{CrashPlan, LocalHost};
use crate::store::{Counting, StoreError};
use crate::world::VirtualWorld;

/// The longest virtual time that a body takes; an instance that is tried again and again needs hours.
const LONGEST: Duration = Duration::from_secs(48 * 3600);
/// How long zombies may go on.
const GRACE: Duration = Duration::from_secs(3600);
/// Attempts are killed often in a test, and that is no reason to park their instance.
const MAX_ATTEMPTS: u32 = 30;

/// What the body of a test may give: nothing, or a `Result` whose error fails it.
pub trait TestResult {
    /// Fails the test if this is a failure.
    fn check(self);
}

impl TestResult for () {
    fn check(self) {}
}

impl<E: std::fmt::Debug> TestResult for Result<(), E> {
    #[expect(clippy::panic, reason = "a test fails by a panic")]
    fn check(self) {
        if let Err(error) = self {
            panic!("the test gave an error: {error:?}");
        }
    }
}

/// What a run leaves.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// The results of the calls that the body made, in their order.
    pub(super) results: Vec<String>,
    pub(super) tables: Tables,
    /// What happened outside.
    pub(super) effects: Vec<String>,
}

/// Runs a body under a director; gives what it leaves, or why it failed.
pub(super) fn run<B, U>(body: &B, director: &Arc<Director>, ignored: &BTreeSet<String>) -> Result<Outcome, String>
where
    B: Fn(Trial) -> U,
    U: Future<Output: TestResult>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.map_err(|error| format!("no runtime could be made: {error}"))?;
    runtime.block_on(async {
        outside::forget();
        let (host, trial) = world(director).await?;
        let outcome = play(body, director, &host, &trial, ignored).await;
        director.disarm();
        outcome
    })
}

async fn world(director: &Arc<Director>) -> Result<(LocalHost, Trial), String> {
    let mut settings = Settings { log_entries: 2, max_attempts: MAX_ATTEMPTS, ..Settings::default() };
    if director.callers_give_up() {
        settings.call_tries = 1;
    }
    let counting = Arc::new(Counting::new(fresh_store().await.map_err(|error| error.to_string())?));
    let host = LocalHost::builder(counting.clone())
        .world(VirtualWorld::new(director.seed()))
        .settings(settings)
        .crash_plan(Arc::clone(director) as Arc<dyn CrashPlan>)
        .collect_every(None)
        .audited()
        .start()
        .await
        .map_err(|error| error.to_string())?;
    let trial = Trial::counting(host.clone(), counting, director.disturbs());
    director.arm(host.clone());
    Ok((host, trial))
}

async fn play<B, U>(
    body: &B,
    director: &Director,
    host: &LocalHost,
    trial: &Trial,
    ignored: &BTreeSet<String>,
) -> Result<Outcome, String>
where
    B: Fn(Trial) -> U,
    U: Future<Output: TestResult>,
{
    let body = Box::pin(async { body(trial.clone()).await.check() });
    match tokio::time::timeout(LONGEST, panics::caught(body)).await {
        Err(_) => return Err("the test came to no end within two days of its own time".to_owned()),
        Ok(Err(message)) => return Err(message),
        Ok(Ok(())) => {}
    }
    come_to_rest(director, host).await.map_err(|error| error.to_string())?;
    let mut broken: Vec<String> = host.audit().await.iter().map(ToString::to_string).collect();
    broken.extend(outside::repeated());
    broken.extend(panicked(host));
    let environment = host.environment();
    let failed = |error: StoreError| error.to_string();
    let unfinished = state::unfinished(&environment).await.map_err(failed)?;
    broken.extend(unfinished.iter().map(|instance| format!("an instance was never finished: {instance}")));
    let locked = state::locked_rows(host).await.map_err(failed)?;
    broken.extend(locked.iter().map(|row| format!("a row is still locked: {row}")));
    if !broken.is_empty() {
        return Err(broken.join("\n"));
    }
    let tables = state::tables(&environment, ignored, &[]).await.map_err(failed)?;
    Ok(Outcome { results: trial.results(ignored), tables, effects: outside::effects() })
}

/// What must never be: beldi itself has panicked.
pub(super) fn panicked(host: &LocalHost) -> Option<String> {
    let times = host.statistics().panicked;
    (times > 0).then(|| format!("beldi itself has panicked, {times} times: this is a mistake of beldi"))
}

/// Lets everything end that was begun, zombies and late duplicates too.
async fn come_to_rest(director: &Director, host: &LocalHost) -> Result<(), StoreError> {
    host.settle().await?;
    director.deliver_all().await;
    host.settle().await?;
    host.shutdown(GRACE).await;
    Ok(())
}

impl Outcome {
    /// How it differs from what the same test leaves when nothing is disturbed.
    pub(super) fn difference(&self, calm: &Self) -> Option<String> {
        let mut differences = Vec::new();
        for (number, (found, expected)) in self.results.iter().zip(&calm.results).enumerate() {
            if found != expected {
                differences.push(format!("call {} gave {found}, and {expected} undisturbed", number + 1));
            }
        }
        if self.results.len() != calm.results.len() {
            differences.push(format!("{} calls were made, and {} undisturbed", self.results.len(), calm.results.len()));
        }
        for (table, expected) in &calm.tables {
            let found = self.tables.get(table);
            if found != Some(expected) {
                differences.push(format!("table `{table}` holds {found:#?}, and {expected:#?} undisturbed"));
            }
        }
        if self.effects != calm.effects {
            let (found, expected) = (&self.effects, &calm.effects);
            differences.push(format!("outside happened {found:?}, and {expected:?} undisturbed"));
        }
        (!differences.is_empty()).then(|| differences.join("\n"))
    }
}
