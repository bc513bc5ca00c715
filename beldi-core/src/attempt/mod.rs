//! One attempt of one instance: what generated code runs on.
//!
//! A handler awaits steps. A step that has a result gives it; a step that cannot (the store failed,
//! another attempt was faster) stays pending for ever and leaves its fault with the attempt, whose driver
//! then drops the handler. So no handler can see, swallow or retry a fault of the machinery.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use serde_dynamo::AttributeValue;

mod audit;
mod current;
mod drive;
mod fingerprint;
mod identity;
mod journal;
mod load;
mod record;
mod tombstones;
mod turns;
mod witnesses;

use crate::environment::Environment;
use crate::error::{Fault, TransactionFault};
use crate::ids::StepPath;
use crate::ops::{Observation, Operation};
use crate::service::{Scope, UsableIn};
use crate::txn::{Stop, Try};

pub use audit::Nondeterminism;
pub(crate) use audit::Recordings;
pub(crate) use current::CurrentStep;
pub(crate) use drive::{Epilogue, Ran, Reply, Task, failed, handle, mismatch, refused, run};
pub(crate) use fingerprint::{Fingerprint, What};
pub(crate) use identity::Identity;
pub(crate) use journal::Journal;
pub(crate) use load::{Loaded, finished, load_records, read_records};
#[cfg(test)]
pub(crate) use record::Record;
pub(crate) use record::{Entry, MAX_PART_BYTES, MAX_VALUE_BYTES, too_large};
use witnesses::Witnesses;

/// What all branches of one run of a handler share.
struct Run {
    journal: Arc<Journal>,
    witnesses: Witnesses,
    trapped: Mutex<Option<Trapped>>,
}

/// A fault and the step that it happened in.
pub(crate) struct Trapped {
    pub(crate) step: Option<(StepPath, &'static Location<'static>)>,
    pub(crate) fault: Fault,
}

impl From<Fault> for Trapped {
    fn from(fault: Fault) -> Self {
        Self { step: None, fault }
    }
}

/// The context of a handler or of a branch of it. Generated code passes it; user code cannot name it.
#[derive(Clone)]
pub struct Cx {
    run: Arc<Run>,
    /// The path of the branch.
    prefix: Arc<[u32]>,
    /// The number of the last step of the branch.
    counter: Arc<AtomicU32>,
    /// The function or helper whose source is running.
    scope: &'static str,
    /// The try of a transaction that steps belong to.
    transaction: Option<Arc<Try>>,
}

impl Cx {
    /// The context of a new run of a handler.
    fn new(journal: Arc<Journal>) -> Self {
        let scope = journal.identity().function.name;
        let run = Run { journal, witnesses: Witnesses::default(), trapped: Mutex::default() };
        Self { run: Arc::new(run), prefix: Arc::default(), counter: Arc::default(), scope, transaction: None }
    }

    /// The context of a function that takes part in a transaction.
    pub(crate) fn joining(journal: Arc<Journal>, transaction: Arc<Try>) -> Self {
        Self { transaction: Some(transaction), ..Self::new(journal) }
    }

    /// The same context below `prefix`, in a transaction.
    pub(crate) fn below(&self, prefix: Vec<u32>, transaction: Arc<Try>) -> Self {
        Self { prefix: prefix.into(), counter: Arc::default(), transaction: Some(transaction), ..self.clone() }
    }

    /// The same context inside helper `scope`.
    pub(crate) fn enter(&self, scope: &'static str) -> Self {
        Self { scope, ..self.clone() }
    }

    pub(crate) fn claim(&self, ordinal: u32, location: &'static Location<'static>) -> Step {
        let number = self.counter.fetch_add(1, Ordering::Relaxed) + 1;
        Step { cx: self.clone(), path: StepPath::new(&self.prefix, number), ordinal, location }
    }

    pub(crate) fn journal(&self) -> &Arc<Journal> {
        &self.run.journal
    }

    /// The try of a transaction that steps of this context belong to.
    pub(crate) fn transaction(&self) -> Option<&Arc<Try>> {
        self.transaction.as_ref()
    }

    /// Ends what the fault ends: the try of a transaction, or the run.
    fn fault(&self, trapped: Trapped) {
        match (&self.transaction, trapped.fault) {
            (_, Fault::Over) => {}
            // Who looks for what other attempts hold has not seen what is behind it. An operator may leave it there.
            (Some(transaction), fault)
                if transaction.is_ending()
                    && fault.hides_what_is_behind()
                    && !transaction.is_given_up(self.journal(), &fault) =>
            {
                self.trap(Trapped { fault, ..trapped });
            }
            // A repetition has nothing to end: it only says where it differs.
            (_, fault @ Fault::Diverged(_)) if self.journal().tape().is_repeating() => {
                self.trap(Trapped { fault, ..trapped });
            }
            (Some(transaction), fault) if fault.ends_a_try() => {
                transaction.stop(Stop::new(Trapped { fault, ..trapped }));
            }
            (_, fault) => self.trap(Trapped { fault, ..trapped }),
        }
    }

    /// Ends the run: its driver sees the fault when the handler next is pending.
    pub(crate) fn trap(&self, trapped: Trapped) {
        let mut slot = self.run.trapped.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(trapped);
    }

    /// Whether a step has left a fault that ends the run.
    pub(crate) fn is_trapped(&self) -> bool {
        self.run.trapped.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(crate) fn take_trapped(&self) -> Option<Trapped> {
        self.run.trapped.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A step that is being executed: its path, and the ways to execute it.
pub struct Step {
    cx: Cx,
    path: StepPath,
    ordinal: u32,
    location: &'static Location<'static>,
}

impl Step {
    pub(crate) fn environment(&self) -> &Environment {
        self.cx.run.journal.environment()
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.cx.run.journal
    }

    pub(crate) fn path(&self) -> &StepPath {
        &self.path
    }

    pub(crate) fn cx(&self) -> &Cx {
        &self.cx
    }

    /// The step below this one that does part number `number` of it.
    pub(crate) fn part(&self, number: u32) -> Self {
        let Self { cx, path, ordinal, location } = self;
        Self { cx: cx.clone(), path: StepPath::new(&path.branch(number), 1), ordinal: *ordinal, location }
    }

    pub(crate) fn location(&self) -> &'static Location<'static> {
        self.location
    }

    pub(crate) fn fingerprint(&self, what: What) -> Fingerprint {
        let site = format!("{}#{}", self.cx.scope, self.ordinal);
        Fingerprint { site, line: self.location.line(), what }
    }

    pub(crate) fn entry(&self, fingerprint: Fingerprint, value: AttributeValue) -> Entry {
        Entry { path: self.path.clone(), fingerprint, value }
    }

    /// An observation (protocol, section 3): its recorded value, or that of `execute`, kept until the next
    /// flush.
    pub(crate) async fn observe(
        &self,
        what: What,
        execute: impl Future<Output = Result<AttributeValue, Fault>> + Send,
    ) -> Result<AttributeValue, Fault> {
        let fingerprint = self.fingerprint(what);
        if let Some(value) = self.journal().replay(&self.path, &fingerprint)? {
            return Ok(value);
        }
        let transaction = self.cx.transaction.as_ref();
        if let Some(over) = transaction.filter(|transaction| transaction.is_over()) {
            return over.has_observed(&self.path, &fingerprint).ok_or(Fault::Over);
        }
        self.journal().tape().refuse(Some(&fingerprint))?;
        let value = execute.await?;
        if let Some(transaction) = transaction {
            transaction.observes(&self.path, &fingerprint, &value);
        }
        self.journal().observed(self.entry(fingerprint, value.clone()))?;
        Ok(value)
    }

    /// Refuses what has no place in a transaction.
    pub(crate) fn outside_transactions(&self, what: &'static str) -> Result<(), Fault> {
        match self.cx.transaction {
            None => Ok(()),
            Some(_) => Err(TransactionFault::NotAllowed { what }.into()),
        }
    }

    /// An effect (protocol, section 3): its recorded outcome, or, after everything observed so far is
    /// durable, that of `execute`.
    pub(crate) async fn effect(
        &self,
        what: What,
        execute: impl Future<Output = Result<Outcome, Fault>> + Send,
    ) -> Result<AttributeValue, Fault> {
        let fingerprint = self.fingerprint(what);
        if let Some(value) = self.journal().replay(&self.path, &fingerprint)? {
            return Ok(value);
        }
        self.journal().flush(Some((&self.path, &fingerprint))).await?;
        match execute.await? {
            Outcome::Witnessed(value) => {
                self.journal().acknowledged(self.entry(fingerprint, value.clone()));
                Ok(value)
            }
            Outcome::Observed(value) => {
                self.journal().observed(self.entry(fingerprint, value.clone()))?;
                Ok(value)
            }
        }
    }

    /// An external action (protocol, section 5): its recorded result, or that of `execute`, which is made
    /// durable at once.
    pub(crate) async fn external(
        &self,
        what: What,
        execute: impl Future<Output = Result<AttributeValue, Fault>> + Send,
    ) -> Result<AttributeValue, Fault> {
        let fingerprint = self.fingerprint(what);
        if let Some(value) = self.journal().replay(&self.path, &fingerprint)? {
            return Ok(value);
        }
        self.journal().flush(Some((&self.path, &fingerprint))).await?;
        self.journal().verify().await?;
        let value = execute.await?;
        self.journal().observed(self.entry(fingerprint, value.clone()))?;
        self.journal().flush(None).await?;
        Ok(value)
    }

    /// Remembers that this step saw a row at `epoch`.
    pub(crate) fn saw(&self, row: String, epoch: u64) {
        self.cx.run.witnesses.saw(row, self.path.clone(), epoch);
    }

    /// The epoch at which an earlier step of the program saw the row.
    pub(crate) fn witness(&self, row: &str) -> Option<u64> {
        self.cx.run.witnesses.before(row, &self.path)
    }
}

/// What an effect gave.
pub(crate) enum Outcome {
    /// The effect's own witness will give the same to every attempt that asks again.
    Witnessed(AttributeValue),
    /// Something that may change is part of it: it must be in the journal before anything depends on it.
    Observed(AttributeValue),
}

/// Makes a durable operation the step number `ordinal` in the source of a function of service `S`.
#[track_caller]
pub fn step<'a, S, O>(cx: &'a Cx, ordinal: u32, operation: O) -> impl Future<Output = O::Output> + Send + 'a
where
    O: Operation + 'a,
    O::Owner: UsableIn<S>,
    S: Scope,
{
    O::mark::<S>();
    perform(cx, ordinal, Location::caller(), operation)
}

/// The same in a `read_only` function.
#[track_caller]
pub fn observe<'a, S, O>(cx: &'a Cx, ordinal: u32, operation: O) -> impl Future<Output = O::Output> + Send + 'a
where
    O: Operation + Observation + 'a,
    O::Owner: UsableIn<S>,
    S: Scope,
{
    O::mark::<S>();
    perform(cx, ordinal, Location::caller(), operation)
}

async fn perform<O: Operation>(cx: &Cx, ordinal: u32, location: &'static Location<'static>, operation: O) -> O::Output {
    let step = cx.claim(ordinal, location);
    let path = step.path.clone();
    let busy = cx.transaction.as_ref().filter(|_| O::IS_ONE_STEP).map(Try::busy);
    let Identity { function, instance, .. } = step.journal().identity();
    let current =
        CurrentStep { service: function.service, function: function.name, instance: *instance, path: path.clone() };
    let outcome = current.around(operation.perform(step)).await;
    drop(busy);
    match outcome {
        Ok(output) => output,
        Err(fault) => {
            cx.fault(Trapped { step: Some((path, location)), fault });
            std::future::pending().await
        }
    }
}

/// The point where branches part: the step that a `join!` is.
pub struct Join {
    cx: Cx,
    path: StepPath,
}

/// Begins a `join!`.
#[track_caller]
pub fn join(cx: &Cx, ordinal: u32) -> Join {
    let step = cx.claim(ordinal, Location::caller());
    Join { cx: step.cx, path: step.path }
}

impl Join {
    /// The context of branch number `branch`, with step numbers of its own: they stay the same whatever
    /// the order in which the branches advance.
    pub fn branch(&self, branch: u32) -> Cx {
        Cx { prefix: self.path.branch(branch).into(), counter: Arc::default(), ..self.cx.clone() }
    }

    /// Runs a branch. In a try that is over, a panic says only how far this branch came: the others go on, since other
    /// attempts may have come further in them.
    pub fn run<'a, F: Future + 'a>(&'a self, branch: F) -> impl Future<Output = F::Output> + use<'a, F> {
        // On the heap, so that joins in joins need no large stack.
        let (mut branch, mut has_panicked) = (Box::pin(branch), false);
        poll_fn(move |context| {
            if !self.cx.transaction.as_ref().is_some_and(|transaction| transaction.is_over()) {
                return branch.as_mut().poll(context);
            }
            if has_panicked {
                return Poll::Pending;
            }
            let polled = catch_unwind(AssertUnwindSafe(|| branch.as_mut().poll(context)));
            polled.unwrap_or_else(|_| {
                has_panicked = true;
                Poll::Pending
            })
        })
    }
}
