//! What a participant does when it is told the decision.
//!
//! Invariant: it carries out what it is told before it answers, and is marked as done before it answers too, unless a
//! collector will see from the rows that it was told all. So nobody who has answered needs to be told again.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{join_all, try_join_all};
use serde_dynamo::AttributeValue;

use super::attempt::Try;
use super::handover::held_by;
use super::participant::answer_of;
use super::record::{HeldRow, Part, Prepared};
use super::settle::{place, release, release_found, tell_each, telling_all};
use super::{Answer, TransactionContext, TransactionId};
use crate::attempt::{
    Cx, Epilogue, Identity, Journal, Loaded, Ran, Reply, Task, finished, load_records, read_records, run,
};
use crate::attributes::{get_string, get_u64};
use crate::checksum::sealed;
use crate::environment::{Environment, journal_table};
use crate::error::Fault;
use crate::garbage::{Finished, Told};
use crate::ids::InstanceId;
use crate::intent;
use crate::store::{Attributes, Placeholders, PutItem, StoreError};

/// Why a decision could not be carried out.
pub(super) enum Untold {
    Refused(String),
    Fault(Fault),
}

impl<F: Into<Fault>> From<F> for Untold {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

/// Carries out a commit for all participants of this service: where several have changed a row, the last counts. The
/// context knows those of them whose blocks were rolled back.
pub(super) async fn commit(
    environment: &Environment,
    identity: &Identity,
    context: &TransactionContext,
    instances: &[InstanceId],
) -> Result<Reply, Untold> {
    let (id, service) = (&context.id, identity.function.service);
    let journals = instances.iter().map(|instance| load_records(environment, service, *instance));
    let mut rows: BTreeMap<String, HeldRow> = BTreeMap::new();
    let (mut results, mut detached, mut shows, mut since_ms) = (Vec::new(), Vec::new(), true, None);
    for (instance, records) in instances.iter().zip(try_join_all(journals).await?) {
        // Who is told of a commit had prepared. If its record is gone, it was told before, and has done its part.
        let Some(intent) = check(&records, id)?.filter(|intent| !intent.contains_key("done")) else { continue };
        let Some(prepared) = read_records(&records)?.prepared else {
            return Err(Untold::Refused(format!("instance {instance} has not prepared, and cannot be committed")));
        };
        shows &= prepared.shows_in_rows() && is_found_later(environment, identity, intent);
        let (told, held) = (Some(prepared.told()), prepared.rows.iter().map(HeldRow::row).collect());
        results.push(Finished { told, tombstones: held, ..finished(&records, *instance, &prepared.result) });
        for row in prepared.rows {
            merge(&mut rows, row);
        }
        detached.extend(prepared.detached);
        since_ms = get_u64(intent, "start").into_iter().chain(since_ms).min();
    }
    // Whoever takes part in a block that was rolled back is told later, and must not see what is written now.
    let rolled_back = context.known.iter().map(|participant| held_by(environment, participant));
    for held in try_join_all(rolled_back).await?.into_iter().flatten() {
        rows.entry(held.name()).and_modify(|row| row.entries.extend(held.entries));
    }
    let left = try_join_all(rows.values().map(|row| release(environment, service, id, row, true))).await?;
    let left: Vec<_> = left.into_iter().flatten().collect();
    // Each lists what it has held itself: another one of them may be marked as done without this one.
    results.iter_mut().for_each(|one| one.tombstones.retain(|row| left.contains(row)));
    place(environment, &detached, since_ms.filter(|_| context.repeats)).await?;
    settled(environment, service, results, shows).await
}

/// Whether a collector will look at the participant after this attempt, which carries out the decision, has ended:
/// then it finds by the rows that the decision was carried out, should the mark be missing. It looks twice, as the two
/// clocks may differ: by its own, the first time may be too early.
fn is_found_later(environment: &Environment, identity: &Identity, intent: &Attributes) -> bool {
    let unclaimed = get_u64(intent, "attempts").is_none_or(|attempts| attempts <= 1);
    let looks_twice = environment.settings.max_attempts > 2;
    unclaimed && looks_twice && get_u64(intent, "due").is_some_and(|due_ms| due_ms > identity.deadline_ms)
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

/// The reply of participants that have carried out what they were told. The marks may follow it where a collector could
/// tell from the rows that it was carried out.
async fn settled(
    environment: &Environment,
    service: &'static str,
    finished: Vec<Finished>,
    marks_may_wait: bool,
) -> Result<Reply, Untold> {
    let result = crate::data::encode(&None::<Answer>)?;
    if marks_may_wait {
        let task = Task::MarkDone { service, finished };
        return Ok(Reply { result, epilogue: Some(Epilogue { environment: environment.clone(), task }) });
    }
    let marks = finished.iter().map(|finished| intent::mark_done(environment, service, finished));
    try_join_all(marks).await?;
    Ok(Reply { result, epilogue: None })
}

/// Carries out a rollback for participants, whatever they have come to.
pub(super) async fn abort(
    environment: &Environment,
    identity: &Identity,
    context: &TransactionContext,
    instances: &[InstanceId],
) -> Result<Reply, Untold> {
    let (id, service) = (&context.id, identity.function.service);
    let (mut results, mut shows) = (Vec::new(), true);
    for instance in instances {
        let stopped = prepares_no_more(environment, identity, id, *instance).await?;
        let Some(Stopped { records, prepared, done: false }) = stopped else { continue };
        let left = prepared.rows.iter().map(|row| release(environment, service, id, row, false));
        // Who is below is told even if a row cannot be released.
        let left = join_all(left).await.into_iter().collect::<Result<Vec<_>, _>>();
        if !context.tells_below {
            let below = [prepared.participants.as_slice(), &prepared.rolled_back].concat();
            tell_each(telling_all(id), environment, &below).await?;
        }
        let tombstones = left?.into_iter().flatten().collect();
        shows &= prepared.shows_in_rows() && is_found_later(environment, identity, &records[0]);
        let told = Some(prepared.told());
        results.push(Finished { told, tombstones, ..finished(&records, *instance, &prepared.result) });
    }
    settled(environment, service, results, shows).await
}

/// Sees to it that a participant of a transaction that is rolled back never prepares. If it has, gives its answer, and
/// nothing is released: whoever asks goes on from there, and may find more.
pub(super) async fn fence(
    environment: &Environment,
    identity: &Identity,
    id: &TransactionId,
    instances: &[InstanceId],
) -> Result<Reply, Untold> {
    let [instance] = instances else {
        return Err(Untold::Refused("participants are fenced one by one".to_owned()));
    };
    let stopped = prepares_no_more(environment, identity, id, *instance).await?;
    let its = Identity { instance: *instance, ..identity.clone() };
    let answer = stopped.map(|stopped| answer_of(&its, &stopped.prepared));
    Ok(Reply { result: crate::data::encode(&answer)?, epilogue: None })
}

/// A participant that had prepared before its transaction was rolled back.
struct Stopped {
    records: Vec<Attributes>,
    prepared: Prepared,
    /// Whether it has carried the decision out.
    done: bool,
}

/// Lets a participant of a transaction that is rolled back prepare no more. If it had not, all that its attempts hold
/// is released, and it is done; if it had, nothing of it changes.
async fn prepares_no_more(
    environment: &Environment,
    identity: &Identity,
    id: &TransactionId,
    instance: InstanceId,
) -> Result<Option<Stopped>, Untold> {
    let service = identity.function.service;
    loop {
        let records = load_records(environment, service, instance).await?;
        let Some(intent) = check(&records, id)? else {
            match never_begins(environment, identity, instance).await? {
                true => return Ok(None),
                false => continue,
            }
        };
        let done = intent.contains_key("done");
        if let Some(prepared) = read_records(&records)?.prepared {
            return Ok(Some(Stopped { records, prepared, done }));
        }
        if done {
            return Ok(None);
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
                let finished = find_and_release(Arc::from(journal), &context).await?;
                intent::mark_done(environment, service, &finished).await?;
                return Ok(None);
            }
            _ => {}
        }
    }
}

/// Runs the function as far as any attempt of it can have come, taking nothing, and then releases all that was found.
/// Gives the instance as it is to be marked as done.
pub(super) async fn find_and_release(journal: Arc<Journal>, context: &TransactionContext) -> Result<Finished, Fault> {
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
    release_found(&journal, &current).await?;
    let tombstones = current.take_tombstones();
    Ok(Finished { tombstones, told: Some(Told::Aborted), ..journal.finished("null") })
}

/// Puts an intent that is done, so that the participant never begins. Gives whether there was none.
async fn never_begins(
    environment: &Environment,
    identity: &Identity,
    instance: InstanceId,
) -> Result<bool, StoreError> {
    let Identity { function, .. } = identity;
    let mut item = intent::born_aborted(environment, function.service, function.name, instance);
    Part::Aborted.write(&mut item);
    let mut placeholders = Placeholders::default();
    let condition = Some(format!("attribute_not_exists({})", placeholders.name("instance")));
    let table = journal_table(identity.function.service);
    match environment.store.put(PutItem { table, item: sealed(item), condition, placeholders }).await {
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
