//! Drives one attempt: start, replay, return (protocol, section 3).
//!
//! Invariant: an attempt returns a result only after [`Journal::conclude`] has made it determined by the
//! journal.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::try_join_all;

use super::{Cx, Identity, Journal, Loaded, MAX_VALUE_BYTES, Recordings, Trapped};
use crate::checksum::sealed;
use crate::collector::{self, Claim};
use crate::environment::{Environment, journal_table};
use crate::error::{AttemptError, Fault, InvokeError, Problem, ProblemKind};
use crate::function::FunctionEntry;
use crate::garbage::Finished;
use crate::ids::InstanceId;
use crate::intent;
use crate::invoke::{Delivery, Invocation};
use crate::store::{Placeholders, PutItem, StoreError};
use crate::txn;
use crate::world::millis;

/// The answer to an invocation, and what is to be done after it was sent.
pub(crate) struct Reply {
    /// The JSON of the function's output.
    pub(crate) result: String,
    /// What is left to do. An attempt that dies before it is done leaves it to the collector.
    pub(crate) epilogue: Option<Epilogue>,
}

/// What is left to do after the reply.
pub(crate) struct Epilogue {
    pub(crate) environment: Environment,
    pub(crate) task: Task,
}

/// What may follow the reply.
pub(crate) enum Task {
    /// Marks instances of a service as done, with their results.
    MarkDone { service: &'static str, finished: Vec<Finished> },
    /// Delivers an invocation.
    Trigger(Box<Invocation>),
    /// Starts an instance that was claimed.
    Start(Box<Claim>),
    /// Lets no collector start a participant that waits for a decision.
    WaitForDecision { service: &'static str, instance: InstanceId },
}

impl Epilogue {
    /// Does what is left. A failure is no loss: the collector finds the instance.
    pub(crate) async fn run(self) {
        let environment = &self.environment;
        let outcome = match self.task {
            Task::MarkDone { service, finished } => {
                let marks = finished.iter().map(|finished| intent::mark_done(environment, service, finished));
                try_join_all(marks).await.map(drop).map_err(|error| error.to_string())
            }
            Task::Trigger(invocation) => {
                environment.invoker.trigger(*invocation).await.map_err(|error| error.to_string())
            }
            Task::Start(claim) => {
                claim.trigger(environment).await;
                Ok(())
            }
            Task::WaitForDecision { service, instance } => {
                intent::wait_for_decision(environment, service, instance).await.map_err(|error| error.to_string())
            }
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "left to the collector");
        }
    }
}

/// How often an attempt that finds another ahead loads the journal again, before it leaves the instance to
/// the others.
const MAX_REPLAYS: u32 = 16;

/// Executes an invocation as one attempt, which must have ended at `deadline_ms`; the host sees to that.
pub(crate) async fn handle(
    environment: &Environment,
    invocation: Invocation,
    deadline_ms: u64,
) -> Result<Reply, InvokeError> {
    if invocation.delivery == Delivery::Nudge {
        return Ok(nudged(environment, &invocation).await);
    }
    let identity = identify(environment, &invocation, deadline_ms)?;
    if invocation.transaction.is_some() {
        return txn::handle(environment, identity, &invocation).await;
    }
    match invocation.delivery {
        Delivery::Accept => accept(environment, identity, invocation).await,
        Delivery::OwnId | Delivery::First => {
            let start_ms = environment.world.now_ms();
            execute(environment, &identity, Journal::optimistic(environment.clone(), identity.clone(), start_ms)).await
        }
        Delivery::Accepted { start_ms } if is_prompt(environment, start_ms) => {
            execute(environment, &identity, Journal::accepted(environment.clone(), identity.clone(), start_ms)).await
        }
        Delivery::Repeat | Delivery::Accepted { .. } | Delivery::RollBack => {
            match load(environment, &identity).await? {
                Ok(journal) => execute(environment, &identity, journal).await,
                Err(reply) => Ok(reply),
            }
        }
        Delivery::Nudge | Delivery::Commit | Delivery::Abort | Delivery::Fence => {
            let detail = "a decision belongs to a transaction, and this invocation names none";
            Err(refused(&identity, ProblemKind::InvalidArguments, detail))
        }
    }
}

/// Looks whether the instance is due, for somebody who waits for what it holds; starts it after the reply.
async fn nudged(environment: &Environment, invocation: &Invocation) -> Reply {
    let started = collector::claim_one(environment, &invocation.service, invocation.instance).await;
    let started = started.unwrap_or_else(|error| {
        tracing::warn!(%error, "a nudge is left to the collector");
        None
    });
    let epilogue =
        started.map(|claim| Epilogue { environment: environment.clone(), task: Task::Start(Box::new(claim)) });
    Reply { result: "null".to_owned(), epilogue }
}

/// Whether the trigger of an accepted call comes so soon that nobody else can have run it: the collector
/// waits until the first attempt must be dead. A late one looks into the journal first.
fn is_prompt(environment: &Environment, start_ms: u64) -> bool {
    environment.world.now_ms() < start_ms.saturating_add(millis(environment.settings.margin))
}

/// Checks everything that an invocation claims, before anything is done.
fn identify(environment: &Environment, invocation: &Invocation, deadline_ms: u64) -> Result<Identity, InvokeError> {
    let Invocation { service, function: name, instance, arguments, caller, delivery, transaction, contract } =
        invocation;
    let refuse = |kind, detail: String| {
        let (service, function) = (service.clone(), name.clone());
        let problem = Problem { kind, detail, service, function, instance: Some(*instance), step: None };
        Err(InvokeError::Refused(Box::new(problem)))
    };
    // A decision is carried out by what is in tables: it needs no function, which may be gone, or not there yet.
    let anyone = || environment.registry.functions().find(|function| function.service == *service);
    let named = environment.registry.function(service, name);
    let function: &'static FunctionEntry = match named.or_else(|| anyone().filter(|_| delivery.decides())) {
        Some(function) => function,
        None => return refuse(ProblemKind::UnknownFunction, format!("there is no function {service}/{name}")),
    };
    if let Some(breach) = contract.and_then(|contract| contract.breach(function, &environment.settings)) {
        return refuse(ProblemKind::ContractMismatch, breach);
    }
    if arguments.len() > MAX_VALUE_BYTES {
        let bytes = arguments.len();
        let detail = format!("the arguments of {service}/{name} have {bytes} bytes, and at most {MAX_VALUE_BYTES} fit");
        return refuse(ProblemKind::ArgumentsTooLarge, detail);
    }
    if let Err(error) = (function.check_arguments)(arguments)
        && !delivery.decides()
    {
        let detail = match error.in_element(arguments) {
            Some((place, why)) if place < function.argument_names.len() => {
                format!("the argument `{}` of {service}/{name} does not fit: {why}", function.argument_names[place])
            }
            _ => format!("the arguments of {service}/{name} do not fit: {error}"),
        };
        return refuse(ProblemKind::InvalidArguments, detail);
    }
    Ok(Identity {
        function,
        instance: *instance,
        own_id: *delivery == Delivery::OwnId,
        arguments: arguments.clone(),
        caller: caller.clone(),
        deadline_ms,
        transaction: transaction.clone(),
        roll_back: *delivery == Delivery::RollBack,
    })
}

/// Makes the intent of a detached call durable; the trigger follows the reply.
async fn accept(environment: &Environment, identity: Identity, invocation: Invocation) -> Result<Reply, InvokeError> {
    let start_ms = environment.world.now_ms();
    let mut placeholders = Placeholders::default();
    let condition = Some(format!("attribute_not_exists({})", placeholders.name("instance")));
    let item = sealed(intent::running(&identity, start_ms, &environment.settings));
    let put = PutItem { table: journal_table(identity.function.service), item, condition, placeholders };
    let task = match environment.store.put(put).await {
        Ok(()) => {
            // What is accepted runs, even if other code is deployed meanwhile.
            let (delivery, contract) = (Delivery::Accepted { start_ms }, None);
            Task::Trigger(Box::new(Invocation { delivery, contract, ..invocation }))
        }
        // It was accepted before: whoever did that has triggered it, or the collector will.
        Err(StoreError::ConditionFailed { .. }) => {
            return match Journal::load(environment, &identity).await {
                Ok(Loaded::Mismatch) => Err(mismatch(&identity)),
                Ok(_) => Ok(Reply { result: "null".to_owned(), epilogue: None }),
                Err(fault) => Err(InvokeError::Unavailable(fault.to_string())),
            };
        }
        Err(error) => return Err(failed(environment, &identity, None, trapped(error.into())).await),
    };
    let epilogue = Some(Epilogue { environment: environment.clone(), task });
    Ok(Reply { result: "null".to_owned(), epilogue })
}

/// The journal to replay by, or the reply of an instance whose result is determined.
async fn load(environment: &Environment, identity: &Identity) -> Result<Result<Journal, Reply>, InvokeError> {
    let start_ms = environment.world.now_ms();
    match Journal::load(environment, identity).await {
        Ok(Loaded::Absent) => Ok(Ok(Journal::optimistic(environment.clone(), identity.clone(), start_ms))),
        Ok(Loaded::Running(journal)) => Ok(Ok(*journal)),
        Ok(Loaded::Done { result, unmarked }) => {
            Ok(Err(reply(environment, identity, result, unmarked.map(|one| *one))))
        }
        Ok(Loaded::Mismatch | Loaded::Prepared { .. } | Loaded::Aborted { .. }) => Err(mismatch(identity)),
        Ok(Loaded::Parked { error }) => Err(refused(identity, ProblemKind::Parked, &format!("parked after: {error}"))),
        Err(fault) => Err(failed(environment, identity, None, trapped(fault)).await),
    }
}

/// Runs the handler, again in replay whenever another attempt is found ahead, until there is a result.
async fn execute(environment: &Environment, identity: &Identity, journal: Journal) -> Result<Reply, InvokeError> {
    let mut journal = Arc::new(journal);
    for _ in 0..MAX_REPLAYS {
        let failure = match run(Cx::new(Arc::clone(&journal))).await {
            Ok(Ran::Returned(result)) => match conclude(&journal, &result).await {
                Ok(unmarked) => {
                    Recordings::add(&journal, &result, None);
                    let unmarked = unmarked.then(|| journal.finished(&result));
                    return Ok(reply(environment, identity, result, unmarked));
                }
                Err(fault) => trapped(fault),
            },
            Ok(Ran::Stopped(failure)) | Err(failure) => failure,
        };
        if let Fault::Resolved { outcome } = failure.fault {
            tracing::info!(service = identity.function.service, instance = %identity.instance, outcome, "resolved");
            return Ok(Reply { result: "null".to_owned(), epilogue: None });
        }
        if !matches!(failure.fault, Fault::Superseded) {
            return Err(failed(environment, identity, Some(&journal), failure).await);
        }
        journal = match load(environment, identity).await? {
            Ok(ahead) => Arc::new(ahead),
            Err(reply) => return Ok(reply),
        };
    }
    Err(InvokeError::Unavailable(format!("other attempts of instance {} are faster", identity.instance)))
}

/// Takes off the locks that the instance holds by itself, and makes the result determined.
async fn conclude(journal: &Journal, result: &str) -> Result<bool, Fault> {
    journal.guards().release_all(journal).await?;
    journal.conclude(result).await
}

/// How a run of a handler ended.
pub(crate) enum Ran {
    /// With a result.
    Returned(String),
    /// The transaction that it takes part in cannot go on, or is over.
    Stopped(Trapped),
}

/// Runs the handler once, until it returns, panics, leaves a fault, or its transaction is stopped.
pub(crate) async fn run(cx: Cx) -> Result<Ran, Trapped> {
    let identity = cx.journal().identity().clone();
    let handler = (identity.function.handler)(cx.clone(), &identity.arguments);
    let mut handler = handler.map_err(|error| trapped(error.into()))?;
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::as_mut(&mut handler).poll(context)));
        match polled {
            Ok(Poll::Ready(result)) => Poll::Ready(result.map(Ran::Returned).map_err(|error| trapped(error.into()))),
            Ok(Poll::Pending) => match (cx.take_trapped(), cx.transaction().and_then(|joined| joined.stopped())) {
                (Some(fault), _) => Poll::Ready(Err(fault)),
                (None, Some(stop)) => Poll::Ready(Ok(Ran::Stopped(stop))),
                (None, None) => Poll::Pending,
            },
            Err(panic) => Poll::Ready(Err(trapped(Fault::Panicked { message: message(&*panic) }))),
        }
    })
    .await
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

fn trapped(fault: Fault) -> Trapped {
    fault.into()
}

fn reply(environment: &Environment, identity: &Identity, result: String, unmarked: Option<Finished>) -> Reply {
    let epilogue = unmarked.map(|finished| {
        let task = Task::MarkDone { service: identity.function.service, finished: vec![finished] };
        Epilogue { environment: environment.clone(), task }
    });
    Reply { result, epilogue }
}

/// Ends an attempt that failed: the instance is parked if no later attempt can do better, and due again
/// after a back-off otherwise. An instance without an intent leaves nothing.
pub(crate) async fn failed(
    environment: &Environment,
    identity: &Identity,
    journal: Option<&Journal>,
    failure: Trapped,
) -> InvokeError {
    let Identity { function, instance, .. } = identity;
    let error = AttemptError {
        service: function.service,
        function: function.name,
        instance: *instance,
        step: failure.step,
        fault: failure.fault,
    };
    tracing::warn!(%error, "attempt failed");
    let text = error.to_string();
    let permanent = error.fault.is_permanent();
    // A journal that could not be loaded is one that is there.
    let unreadable = journal.is_none() && matches!(error.fault, Fault::Damaged(_));
    if unreadable || journal.is_some_and(Journal::is_durable) {
        // A participant is not parked: its coordinator is told, and rolls the transaction back.
        let parks = unreadable || (permanent && identity.transaction.is_none());
        let noted = match parks {
            true => intent::park(environment, function.service, *instance, None, &text).await.map(drop),
            false => intent::note_failure(environment, identity, journal.map_or(1, Journal::attempts), &text).await,
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "the failure could not be noted; the instance stays due");
        }
    }
    // The coordinator of a participant rolls back then, instead of holding on.
    match error.fault.is_told() {
        true => InvokeError::Refused(Box::new(error.problem())),
        false => InvokeError::Unavailable(text),
    }
}

pub(crate) fn mismatch(identity: &Identity) -> InvokeError {
    let detail = "this instance id or idempotency key was used before, with another function or other arguments";
    refused(identity, ProblemKind::IdempotencyKeyReused, detail)
}

pub(crate) fn refused(identity: &Identity, kind: ProblemKind, detail: &str) -> InvokeError {
    let FunctionEntry { service, name, .. } = identity.function;
    let detail = format!("{service}/{name} instance {}: {detail}", identity.instance);
    let (service, function) = ((*service).to_owned(), (*name).to_owned());
    InvokeError::Refused(Box::new(Problem {
        kind,
        detail,
        service,
        function,
        instance: Some(identity.instance),
        step: None,
    }))
}
