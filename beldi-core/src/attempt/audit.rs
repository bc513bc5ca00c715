//! The determinism audit: a handler is run again on what an attempt of it saw and got, and must ask for the same.
//!
//! Invariant: a repetition sends nothing. Its journal answers every step from the recording, as it does in a replay,
//! and refuses what the recording does not have, where a replay would go on for real.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::record::{Entry, Recorded};
use super::{Cx, Fingerprint, Identity, Journal, Ran, Trapped, run};
use crate::daal::Difference;
use crate::data::{Lists, canonical};
use crate::environment::Environment;
use crate::error::{Divergence, Fault};
use crate::ids::{InstanceId, StepPath};
use crate::txn::{Decision, HeldRow, TransactionContext, Try};

/// A handler that asked for something else, or gave something else, when it was run again on what it had seen: it is
/// not deterministic, and a replay of it would diverge. [`LocalHost::audit`](crate::host::LocalHost::audit) finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nondeterminism {
    /// The service.
    pub service: String,
    /// The function.
    pub function: String,
    /// The instance.
    pub instance: InstanceId,
    /// The step where the two runs part, with its place in the source; none if they part in the result.
    pub step: Option<String>,
    /// What was asked for, or given, first.
    pub first: String,
    /// What the repetition asked for, or gave.
    pub again: String,
}

impl fmt::Display for Nondeterminism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, function, instance, step, first, again } = self;
        let place = step.as_deref().unwrap_or("its result");
        write!(
            f,
            "{service}/{function} is not deterministic: run again on what it had seen, it differs at {place}\n\
             \x20 first: {first}\n\
             \x20 again: {again}\n\
             After a crash it is run again in this way, and would not come to the same end (instance {instance}). \
             Look for the order of a `HashMap` or `HashSet` (take a `BTreeMap`, or sort), for a `static`, \
             and for a clock or random numbers behind a call (take `beldi::now()`, `beldi::random()`, \
             or wrap the call in `beldi::external(..)`)."
        )
    }
}

/// What the attempts of a host saw, until it is audited.
#[derive(Default)]
pub(crate) struct Recordings {
    kept: Mutex<Vec<Recording>>,
}

/// The most recordings that are kept for one audit: a host that is never asked must not grow for ever.
const MAX_RECORDINGS: usize = 4096;

/// How often a handler is repeated. Maps of two entries differ in order in one of two runs.
const REPETITIONS: u32 = 8;

/// How far apart a run and its repetition are at least: enough to see a clock in milliseconds move.
const APART: Duration = Duration::from_millis(2);

/// The longest time that a repetition takes: it waits for nobody.
const LONGEST: Duration = Duration::from_secs(10);

/// One run of a handler that came to its result.
struct Recording {
    identity: Identity,
    start_ms: u64,
    recorded: Recorded,
    result: String,
    part: Option<PartTaken>,
    /// When it was taken down.
    ended: Instant,
}

/// The part that the run took in somebody else's transaction.
struct PartTaken {
    context: TransactionContext,
    inherited: HashMap<String, Difference>,
    held: Vec<HeldRow>,
}

impl Recordings {
    /// Takes down a run that came to `result`, if its environment records at all.
    pub(crate) fn add(journal: &Journal, result: &str, current: Option<&Try>) {
        let (Some(recordings), Some(recorded)) = (&journal.environment().recordings, journal.tape().recorded()) else {
            return;
        };
        let identity = journal.identity().clone();
        let part = match (current, &identity.transaction) {
            (Some(current), Some(context)) => {
                let Ok(held) = current.held_rows() else { return };
                Some(PartTaken { context: context.clone(), inherited: current.inherited(), held })
            }
            _ => None,
        };
        let (start_ms, result) = (journal.start_ms(), result.to_owned());
        let mut kept = recordings.lock();
        if kept.len() < MAX_RECORDINGS {
            kept.push(Recording { identity, start_ms, recorded, result, part, ended: Instant::now() });
        }
    }

    /// Repeats what was recorded since the last time, and gives each handler that differed, once.
    pub(crate) async fn audit(&self, environment: &Environment) -> Vec<Nondeterminism> {
        let recordings = std::mem::take(&mut *self.lock());
        let mut found: Vec<Nondeterminism> = Vec::new();
        // Both clocks have moved on: that of tokio, and the machine's, which does not follow a paused one.
        if let Some(last) = recordings.last() {
            tokio::time::sleep(APART).await;
            std::thread::sleep(APART.saturating_sub(last.ended.elapsed()));
        }
        for recording in &recordings {
            let function = recording.identity.function;
            if found.iter().any(|known| known.service == function.service && known.function == function.name) {
                continue;
            }
            for _ in 0..REPETITIONS {
                if let Some(difference) = recording.repeat(environment).await {
                    found.push(difference);
                    break;
                }
            }
        }
        found
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Recording>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recording {
    async fn repeat(&self, environment: &Environment) -> Option<Nondeterminism> {
        let Self { identity, start_ms, recorded, result, part, .. } = self;
        let environment = Environment { recordings: None, ..environment.clone() };
        let journal = Arc::new(Journal::repeating(environment, identity.clone(), recorded.clone(), *start_ms));
        let current = part.as_ref().map(|part| {
            let current = Try::of_participant(part.context.clone(), identity.function.read_only);
            current.inherit_all(part.inherited.clone());
            Arc::new(current)
        });
        let cx = match &current {
            Some(current) => Cx::joining(Arc::clone(&journal), Arc::clone(current)),
            None => Cx::new(Arc::clone(&journal)),
        };
        let Ok(ran) = tokio::time::timeout(LONGEST, run(cx)).await else {
            return Some(self.differs(None, "a result".to_owned(), "no end".to_owned()));
        };
        let again = match ran {
            Ok(Ran::Returned(again)) => again,
            Ok(Ran::Stopped(trapped)) | Err(trapped) => return Some(self.stopped(trapped)),
        };
        // Rows that are only written were taken when the part was prepared, and are asked for only then.
        let taken = match &current {
            Some(current) => current.take_written(&journal, None).await,
            None => Ok(()),
        };
        if let Err(fault) = taken.and_then(|()| journal.all_replayed()) {
            return Some(self.stopped(fault.into()));
        }
        let held = current.and_then(|current| current.held_rows().ok());
        if part.as_ref().map(|part| changes(&part.held)) != held.as_deref().map(changes) {
            let (first, again) = ("what it writes in the transaction", "other writes");
            return Some(self.differs(None, first.to_owned(), again.to_owned()));
        }
        // A result may be a `HashSet`: in JSON it is a list, whose order says nothing.
        let same = canonical(result, Lists::Unordered) == canonical(&again, Lists::Unordered);
        (!same).then(|| self.differs(None, shortened(result), shortened(&again)))
    }

    fn stopped(&self, trapped: Trapped) -> Nondeterminism {
        let place =
            trapped.step.map(|(path, location)| format!("step {path} ({}:{})", location.file(), location.line()));
        match trapped.fault {
            Fault::Diverged(Divergence { recorded, asked }) => self.differs(place, recorded, asked),
            fault => self.differs(place, "it came to its result".to_owned(), fault.to_string()),
        }
    }

    fn differs(&self, step: Option<String>, first: String, again: String) -> Nondeterminism {
        let Identity { function, instance, .. } = &self.identity;
        let (service, function) = (function.service.to_owned(), function.name.to_owned());
        Nondeterminism { service, function, instance: *instance, step, first, again }
    }
}

/// What a part of a transaction changes, row by row in the order of their names.
fn changes(rows: &[HeldRow]) -> Vec<(String, Option<Difference>)> {
    rows.iter().map(|row| (row.name(), row.change.clone())).collect()
}

fn shortened(json: &str) -> String {
    json.chars().take(400).collect()
}

/// What a journal does for an audit beside its work.
pub(crate) enum Tape {
    /// Nothing.
    Off,
    /// Keeps what steps saw and got.
    Recording(Box<Mutex<Recorded>>),
    /// Belongs to a repetition: refuses what was not recorded.
    Repeating,
}

impl Tape {
    /// Keeps all of it, after what was replayed from `recorded`, if the environment wants that.
    pub(super) fn of(environment: &Environment, recorded: &Recorded) -> Self {
        match &environment.recordings {
            Some(_) => Self::Recording(Box::new(Mutex::new(recorded.clone()))),
            None => Self::Off,
        }
    }

    pub(crate) fn is_repeating(&self) -> bool {
        matches!(self, Self::Repeating)
    }

    /// Notes what a step saw or got.
    pub(crate) fn note(&self, entry: &Entry) {
        if let Self::Recording(recorded) = self {
            lock(recorded).steps.insert(entry.path.clone(), entry.clone());
        }
    }

    /// Notes how a try of a transaction was decided.
    pub(super) fn decided(&self, path: &StepPath, decision: &Decision) {
        if let Self::Recording(recorded) = self {
            lock(recorded).decisions.insert(path.clone(), decision.clone());
        }
    }

    /// Refuses a step that was not recorded, in a repetition.
    pub(super) fn refuse(&self, asked: Option<&Fingerprint>) -> Result<(), Fault> {
        if !self.is_repeating() {
            return Ok(());
        }
        let asked = asked.map_or_else(|| "a transaction with effects".to_owned(), ToString::to_string);
        Err(Divergence { recorded: "no such step".to_owned(), asked }.into())
    }

    fn recorded(&self) -> Option<Recorded> {
        match self {
            Self::Recording(recorded) => Some(lock(recorded).clone()),
            Self::Off | Self::Repeating => None,
        }
    }
}

fn lock(recorded: &Mutex<Recorded>) -> MutexGuard<'_, Recorded> {
    recorded.lock().unwrap_or_else(PoisonError::into_inner)
}
