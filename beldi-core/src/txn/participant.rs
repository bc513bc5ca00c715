//! A function that was called in a transaction: it prepares, and is told the decision.
//!
//! Invariants: what it holds is durable before it answers; once it was told of a rollback it never prepares, because
//! the one record is put on the condition that the other is absent; it carries out what it is told before it answers,
//! so that nobody who was answered needs to be told again.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_dynamo::AttributeValue;

use super::attempt::Try;
use super::record::{HeldRow, Part, Prepared};
use super::settle::{place, release, tell_each};
use super::{Answer, Participant, TransactionContext, TransactionId};
use crate::attempt::{
    Cx, Epilogue, Identity, Journal, Loaded, Ran, Reply, Task, failed, load_records, mismatch, read_records, refused,
    run,
};
use crate::attributes::{get_string, get_u64};
use crate::collector::{MAX_PER_SHARD, index_page};
use crate::daal::RowRelease;
use crate::environment::{Environment, journal_table};
use crate::error::{Fault, InvokeError, ProblemKind};
use crate::ids::InstanceId;
use crate::intent;
use crate::invoke::{Delivery, Invocation};
use crate::store::{Attributes, Placeholders, PutItem, StoreError};

/// A participant that has waited for a decision longer than an attempt may take. Its coordinator is parked, or was
/// never started again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InDoubt {
    /// The participant.
    pub instance: InstanceId,
    /// Its function.
    pub function: String,
    /// The service of the coordinator, which holds the rows through it.
    pub coordinator_service: String,
    /// The coordinator: restart it, or let it roll back.
    pub coordinator: InstanceId,
    /// When the participant started, milliseconds since 1970.
    pub since_ms: u64,
}

/// Executes an invocation that belongs to a transaction.
pub(crate) async fn handle(
    environment: &Environment,
    identity: Identity,
    invocation: &Invocation,
) -> Result<Reply, InvokeError> {
    let Some(context) = identity.transaction.clone() else { return Err(mismatch(&identity)) };
    let decides = matches!(invocation.delivery, Delivery::Commit | Delivery::Abort);
    if !decides {
        return join(environment, &identity, context, invocation.delivery).await;
    }
    let instances: Vec<InstanceId> = serde_json::from_str(&invocation.arguments)
        .map_err(|error| refused_with(&identity, &format!("the list of participants is unreadable: {error}")))?;
    let told = match invocation.delivery {
        Delivery::Commit => commit(environment, &identity, &context.id, &instances).await,
        _ => abort_all(environment, &identity, &context.id, &instances).await,
    };
    match told {
        Ok(reply) => Ok(reply),
        Err(Untold::Refused(detail)) => Err(refused_with(&identity, &detail)),
        Err(Untold::Fault(fault)) => Err(failed(environment, &identity, None, fault.into()).await),
    }
}

/// Why a decision could not be carried out.
enum Untold {
    Refused(String),
    Fault(Fault),
}

impl<F: Into<Fault>> From<F> for Untold {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

fn refused_with(identity: &Identity, detail: &str) -> InvokeError {
    refused(identity, ProblemKind::TransactionRefused, detail)
}

/// Runs the function until it has prepared, or cannot.
async fn join(
    environment: &Environment,
    identity: &Identity,
    context: TransactionContext,
    delivery: Delivery,
) -> Result<Reply, InvokeError> {
    const MAX_REPLAYS: u32 = 16;
    let mut journal = match delivery {
        Delivery::First => {
            let start_ms = environment.world.now_ms();
            Arc::new(Journal::optimistic(environment.clone(), identity.clone(), start_ms))
        }
        _ => match load(environment, identity, &context).await? {
            Ok(journal) => journal,
            Err(reply) => return Ok(reply),
        },
    };
    for _ in 0..MAX_REPLAYS {
        let current = Arc::new(Try::of_participant(context.clone(), identity.function.read_only));
        let failure = match run(Cx::joining(Arc::clone(&journal), Arc::clone(&current))).await {
            Ok(Ran::Returned(result)) => match prepare(&journal, &current, result).await {
                Ok(answer) => return reply(environment, identity, &answer, None),
                Err(fault) => fault.into(),
            },
            Ok(Ran::Stopped(failure)) | Err(failure) => failure,
        };
        match failure.fault {
            Fault::Died { row, holder } => return reply(environment, identity, &Answer::Died { row, holder }, None),
            Fault::Superseded => {}
            _ => return Err(failed(environment, identity, Some(&journal), failure).await),
        }
        journal = match load(environment, identity, &context).await? {
            Ok(ahead) => ahead,
            Err(reply) => return Ok(reply),
        };
    }
    Err(InvokeError::Unavailable(format!("other attempts of instance {} are faster", identity.instance)))
}

/// The journal to go on from, or the reply of an instance that has prepared or was told.
async fn load(
    environment: &Environment,
    identity: &Identity,
    context: &TransactionContext,
) -> Result<Result<Arc<Journal>, Reply>, InvokeError> {
    let loaded = Journal::load(environment, identity).await;
    let outcome = match loaded {
        Ok(Loaded::Absent) => {
            let start_ms = environment.world.now_ms();
            return Ok(Ok(Arc::new(Journal::optimistic(environment.clone(), identity.clone(), start_ms))));
        }
        Ok(Loaded::Running(journal)) => return Ok(Ok(Arc::from(journal))),
        Ok(Loaded::Prepared { prepared, settled, claimed }) => {
            let answer = answer_of(identity, &prepared);
            let task = match claimed && !settled {
                true => what_next(environment, identity, &context.id, &prepared).await.map(Some),
                false => Ok(None),
            };
            task.map(|task| (answer, task))
        }
        Ok(Loaded::Aborted { settled: true, .. }) => Ok((Answer::Aborted, None)),
        Ok(Loaded::Aborted { journal, settled: false }) => {
            let service = identity.function.service;
            let done = Task::MarkDone { service, results: vec![(identity.instance, "null".to_owned())] };
            find_and_release(Arc::from(journal), context).await.map(|()| (Answer::Aborted, Some(done)))
        }
        Ok(Loaded::Parked { error }) => {
            return Err(refused(identity, ProblemKind::Parked, &format!("parked after: {error}")));
        }
        Ok(Loaded::Done { .. } | Loaded::Mismatch) => return Err(mismatch(identity)),
        Err(fault) => Err(fault),
    };
    match outcome {
        Ok((answer, task)) => reply(environment, identity, &answer, task).map(Err),
        Err(fault) => Err(failed(environment, identity, None, fault.into()).await),
    }
}

/// What a collector does with a participant that has prepared: it was told, and died before it was marked as done;
/// or it waits.
async fn what_next(
    environment: &Environment,
    identity: &Identity,
    id: &TransactionId,
    prepared: &Prepared,
) -> Result<Task, Fault> {
    let (service, instance) = (identity.function.service, identity.instance);
    let told = match prepared.shows_in_rows() {
        true => try_join_all(prepared.rows.iter().map(|row| is_ended(environment, service, id, row))).await?,
        false => vec![false],
    };
    Ok(match told.iter().all(|ended| *ended) {
        true => Task::MarkDone { service, results: vec![(instance, prepared.result.clone())] },
        false => Task::WaitForDecision { service, instance },
    })
}

async fn is_ended(environment: &Environment, service: &str, id: &TransactionId, row: &HeldRow) -> Result<bool, Fault> {
    let (journal, owner) = (journal_table(service), id.to_bytes());
    let (table, key, entries) = (row.table.as_str(), &row.key, row.entries.as_slice());
    let journal = journal.as_str();
    let release = RowRelease { environment, journal, table, key, entries, owner, change: None, watermark_s: 0 };
    release.is_done(row.epoch).await
}

/// Makes what the function holds durable, with its result.
async fn prepare(journal: &Journal, current: &Try, result: String) -> Result<Answer, Fault> {
    current.take_last(journal).await.map_err(|stop| stop.fault)?;
    let prepared = {
        let state = current.state();
        let rows = state.view.held(None)?;
        let (participants, rolled_back) = state.calls.prepared();
        let detached = state.detached.iter().map(|(_, call)| call.clone()).collect();
        Prepared { result, rows, participants, rolled_back, detached }
    };
    if prepared.is_empty() && journal.is_untouched() {
        return Ok(Answer::Prepared { result: prepared.result, participants: Vec::new() });
    }
    journal.check_result(&prepared.result)?;
    let answer = answer_of(journal.identity(), &prepared);
    journal.put_part(Part::Prepared(prepared).check()?, Vec::new()).await?;
    Ok(answer)
}

impl Prepared {
    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.has_only_rows()
    }

    /// Whether it has been told all, once its rows are released: so a collector can tell.
    fn shows_in_rows(&self) -> bool {
        !self.rows.is_empty() && self.has_only_rows()
    }

    fn has_only_rows(&self) -> bool {
        self.participants.is_empty() && self.rolled_back.is_empty() && self.detached.is_empty()
    }
}

fn answer_of(identity: &Identity, prepared: &Prepared) -> Answer {
    let (service, function) = (identity.function.service.to_owned(), identity.function.name.to_owned());
    let this = Participant { service, function, instance: identity.instance, saved_at: None, rolled_back: false };
    let below = prepared.participants.iter().chain(&prepared.rolled_back);
    let participants = below.cloned().chain([this]).collect();
    Answer::Prepared { result: prepared.result.clone(), participants }
}

/// Carries out a commit for all participants of this service: where several have changed a row, the last counts.
async fn commit(
    environment: &Environment,
    identity: &Identity,
    id: &TransactionId,
    instances: &[InstanceId],
) -> Result<Reply, Untold> {
    let service = identity.function.service;
    let journals = instances.iter().map(|instance| load_records(environment, service, *instance));
    let mut rows: BTreeMap<String, HeldRow> = BTreeMap::new();
    let (mut results, mut detached, mut shows) = (Vec::new(), Vec::new(), true);
    for (instance, records) in instances.iter().zip(try_join_all(journals).await?) {
        let intent = check(&records, id)?;
        if intent.is_some_and(|intent| intent.contains_key("done")) {
            continue;
        }
        let Some(prepared) = read_records(&records)?.prepared else {
            return Err(Untold::Refused(format!("instance {instance} has not prepared, and cannot be committed")));
        };
        shows &= prepared.shows_in_rows() && intent.is_some_and(|intent| is_found_later(identity, intent));
        for row in prepared.rows {
            merge(&mut rows, row);
        }
        detached.extend(prepared.detached);
        results.push((*instance, prepared.result));
    }
    try_join_all(rows.values().map(|row| release(environment, service, id, row, true))).await?;
    place(environment, &detached).await?;
    settled(environment, service, results, shows, &None).await
}

/// Whether a collector will look at the participant after this attempt, which carries out the decision, has ended:
/// then it finds by the rows that the decision was carried out, should the mark be missing.
fn is_found_later(identity: &Identity, intent: &Attributes) -> bool {
    let unclaimed = get_u64(intent, "attempts").is_none_or(|attempts| attempts <= 1);
    unclaimed && get_u64(intent, "due").is_some_and(|due_ms| due_ms > identity.deadline_ms)
}

fn merge(rows: &mut BTreeMap<String, HeldRow>, row: HeldRow) {
    let name = row.name();
    let Some(merged) = rows.get_mut(&name) else {
        rows.insert(name, row);
        return;
    };
    merged.entries.extend(row.entries);
    match (&mut merged.change, row.change) {
        (Some(change), Some(later)) => change.extend(later),
        (change @ None, later) => *change = later,
        (Some(_), None) => {}
    }
}

/// The reply of participants that have carried out what they were told, with their last word. The marks may follow
/// it where a collector could tell from the rows that it was carried out.
async fn settled(
    environment: &Environment,
    service: &'static str,
    results: Vec<(InstanceId, String)>,
    marks_may_wait: bool,
    answer: &Option<Answer>,
) -> Result<Reply, Untold> {
    let result = crate::data::encode(answer)?;
    if marks_may_wait {
        let task = Task::MarkDone { service, results };
        return Ok(Reply { result, epilogue: Some(Epilogue { environment: environment.clone(), task }) });
    }
    let marks = results.iter().map(|(instance, result)| intent::mark_done(environment, service, *instance, result));
    try_join_all(marks).await?;
    Ok(Reply { result, epilogue: None })
}

async fn abort_all(
    environment: &Environment,
    identity: &Identity,
    id: &TransactionId,
    instances: &[InstanceId],
) -> Result<Reply, Untold> {
    let mut last = None;
    for instance in instances {
        last = Some(abort(environment, identity, id, *instance).await?);
    }
    last.ok_or_else(|| Untold::Refused("the list of participants is empty".to_owned()))
}

/// Carries out a rollback for one participant, whatever it has come to. Gives what it had answered, if it had.
async fn abort(
    environment: &Environment,
    identity: &Identity,
    id: &TransactionId,
    instance: InstanceId,
) -> Result<Reply, Untold> {
    let service = identity.function.service;
    loop {
        let records = load_records(environment, service, instance).await?;
        let Some(intent) = check(&records, id)? else {
            if never_begins(environment, identity, instance).await? {
                return settled(environment, service, Vec::new(), false, &None).await;
            }
            continue;
        };
        let recorded = read_records(&records)?;
        let done = intent.contains_key("done");
        if let Some(prepared) = &recorded.prepared {
            let its = Identity { instance, ..identity.clone() };
            let answer = Some(answer_of(&its, prepared));
            if done {
                return settled(environment, service, Vec::new(), false, &answer).await;
            }
            try_join_all(prepared.rows.iter().map(|row| release(environment, service, id, row, false))).await?;
            tell_each(environment, id, &prepared.participants).await?;
            tell_each(environment, id, &prepared.rolled_back).await?;
            let results = vec![(instance, prepared.result.clone())];
            let shows = prepared.shows_in_rows() && is_found_later(identity, intent);
            return settled(environment, service, results, shows, &answer).await;
        }
        if done {
            return settled(environment, service, Vec::new(), false, &None).await;
        }
        let its = identity_of(environment, identity, instance, intent)?;
        match Journal::load(environment, &its).await? {
            Loaded::Running(journal) => match journal.put_part(Part::Aborted, Vec::new()).await {
                // Found aborted by the next look, or prepared by a faster attempt.
                Ok(()) | Err(Fault::Superseded) => {}
                Err(fault) => return Err(fault.into()),
            },
            Loaded::Aborted { journal, settled: false } => {
                let context = its.transaction.clone();
                let context = context.ok_or_else(|| Untold::Refused("the intent names no transaction".to_owned()))?;
                find_and_release(Arc::from(journal), &context).await?;
                let results = vec![(instance, "null".to_owned())];
                return settled(environment, service, results, false, &None).await;
            }
            _ => {}
        }
    }
}

/// Runs the function as far as any attempt of it can have come, taking nothing, and releases what it holds from the
/// end.
async fn find_and_release(journal: Arc<Journal>, context: &TransactionContext) -> Result<(), Fault> {
    let identity = journal.identity();
    let current = Arc::new(Try::of_participant(context.clone(), identity.function.read_only));
    current.ending.cancel();
    match run(Cx::joining(Arc::clone(&journal), Arc::clone(&current))).await {
        Ok(Ran::Returned(_)) => current.end_written(&journal).await?,
        Ok(Ran::Stopped(_)) => {}
        // No attempt can have come further than to what panics.
        Err(failure) if matches!(failure.fault, Fault::Panicked { .. }) => {}
        Err(failure) => return Err(failure.fault),
    }
    let found = current.state().view.unrecorded();
    for row in &found {
        release(journal.environment(), identity.function.service, &context.id, row, false).await?;
    }
    Ok(())
}

/// Puts an intent that is done, so that the participant never begins. Gives whether there was none.
async fn never_begins(
    environment: &Environment,
    identity: &Identity,
    instance: InstanceId,
) -> Result<bool, StoreError> {
    let mut item = intent::born_aborted(identity.function.name, instance, environment.world.now_ms());
    Part::Aborted.write(&mut item);
    let mut placeholders = Placeholders::default();
    let condition = Some(format!("attribute_not_exists({})", placeholders.name("instance")));
    let table = journal_table(identity.function.service);
    match environment.store.put(PutItem { table, item, condition, placeholders }).await {
        Ok(()) => Ok(true),
        Err(StoreError::ConditionFailed { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The intent, if there is one; refused if it belongs to another transaction.
fn check<'a>(records: &'a [Attributes], id: &TransactionId) -> Result<Option<&'a Attributes>, Untold> {
    let Some(intent) = records.first() else { return Ok(None) };
    let is_ours = match intent::transaction_of(intent) {
        Some(transaction) => transaction.id == *id,
        // One that was told of the rollback before it began.
        None => matches!(intent.get("aborted"), Some(AttributeValue::Bool(true))),
    };
    match is_ours {
        true => Ok(Some(intent)),
        false => Err(Untold::Refused("the instance takes part in another transaction".to_owned())),
    }
}

/// The identity of a participant, as its intent has it.
fn identity_of(
    environment: &Environment,
    told: &Identity,
    instance: InstanceId,
    intent: &Attributes,
) -> Result<Identity, Untold> {
    let name = get_string(intent, "function").unwrap_or_default();
    let function = environment.registry.function(told.function.service, name);
    let function = function.ok_or_else(|| Untold::Refused(format!("this program has no function `{name}`")))?;
    Ok(Identity {
        function,
        instance,
        own_id: false,
        arguments: get_string(intent, "arguments").unwrap_or("null").to_owned(),
        caller: get_string(intent, "caller").map(str::to_owned),
        deadline_ms: told.deadline_ms,
        transaction: intent::transaction_of(intent),
        roll_back: true,
    })
}

fn reply(
    environment: &Environment,
    identity: &Identity,
    answer: &Answer,
    task: Option<Task>,
) -> Result<Reply, InvokeError> {
    let result = crate::data::encode(answer).map_err(|error| refused_with(identity, &error.to_string()))?;
    Ok(Reply { result, epilogue: task.map(|task| Epilogue { environment: environment.clone(), task }) })
}

/// The participants of a service that have waited for a decision for long.
pub(crate) async fn in_doubt(environment: &Environment, service: &str) -> Result<Vec<InDoubt>, StoreError> {
    let page = index_page(environment, service, intent::IN_DOUBT, None, MAX_PER_SHARD).await?;
    let waiting = page.iter().filter_map(|intent| {
        let transaction = intent::transaction_of(intent)?;
        Some(InDoubt {
            instance: get_string(intent, "instance")?.parse().ok()?,
            function: get_string(intent, "function").unwrap_or_default().to_owned(),
            coordinator_service: transaction.id.service,
            coordinator: transaction.id.instance,
            since_ms: get_u64(intent, "start").unwrap_or_default(),
        })
    });
    Ok(waiting.collect())
}
