//! Carrying a decision out: locks off with the changes, participants told, detached calls made.
//!
//! Invariant: it can be done again from the beginning, by anybody, with the same effect as once. Whoever is told is
//! told again until it has answered.

use futures_util::future::{join_all, try_join_all};

use super::attempt::{Found, Try};
use super::record::{Decision, HeldRow, Outcome};
use super::{Answer, HeldCall, Participant, TransactionContext, TransactionId};
use crate::attempt::Journal;
use crate::daal::{RowKey, RowRelease};
use crate::environment::{Environment, journal_table};
use crate::error::{Fault, InvokeError, Problem, ProblemKind};
use crate::garbage::remember;
use crate::ids::InstanceId;
use crate::invoke::{Delivery, Invocation};

/// Carries out the decision of a coordinator; `repeats` says that an earlier attempt may have done so before.
pub(super) async fn carry_out(
    journal: &Journal,
    current: &Try,
    decision: &Decision,
    repeats: bool,
) -> Result<(), Fault> {
    let (environment, service) = (journal.environment(), journal.identity().function.service);
    let id = current.id(journal);
    let passed = current.state().passed();
    // What a record names is released even if a walk could not be ended: a later attempt begins with the record.
    current.leaves_to(decision);
    let found = release_found(journal, current).await;
    let commits = decision.outcome == Outcome::Committed;
    let (recorded, mut told) = match found.is_ok() {
        true => current.recorded_beside(decision),
        false => Default::default(),
    };
    let rows = try_join_all(decision.rows.iter().chain(&recorded).map(|row| async {
        current.leaves(release(environment, service, &id, row, commits).await?);
        Ok(())
    }));
    let rows = async { rows.await.map(|_: Vec<()>| ()) };
    if !commits {
        if found.is_ok() {
            told.extend(still_to_be_told(current, decision, &passed));
        }
        let told = tell_each(telling(&id), environment, &told);
        let (rows, told) = futures_util::future::join(rows, told).await;
        return found.and(rows).and(told);
    }
    let (here, elsewhere): (Vec<_>, Vec<_>) = decision.participants.iter().cloned().partition(|p| p.service == service);
    let (rows, mut told) =
        futures_util::future::join(rows, tell_services(environment, &id, &elsewhere, &decision.rolled_back, repeats))
            .await;
    rows?;
    // Participants of this service have their changes in the rows of the coordinator, which must come first. Nobody waits
    // for another one that cannot be told.
    told.extend(tell_services(environment, &id, &here, &decision.rolled_back, repeats).await);
    // A participant of a block that was rolled back waits until its service was told: the commit ends what it holds too.
    // The list has all those below them.
    let is_told = |one: &Participant| told.iter().all(|(service, told)| told.is_ok() || *service != one.service);
    let rolled_back = match decision.rolled_back.iter().all(is_told) {
        true => tell_each(telling_all(&id), environment, &decision.rolled_back).await,
        false => Ok(()),
    };
    told.into_iter().try_for_each(|(_, told)| told)?;
    rolled_back?;
    place(environment, &decision.detached, repeats.then(|| journal.start_ms())).await
}

/// Those that a record names, and that the walk has neither ended nor released. Before a walk is over, nobody is told: who
/// was told can be forgotten. A later walk that asks for it then comes no further, and a participant that has seen what it
/// had changed goes another way.
fn still_to_be_told(current: &Try, decision: &Decision, passed: &[InstanceId]) -> Vec<Participant> {
    let state = current.state();
    // Whom the walk has passed is told with what it has found.
    let is_to_be_told = |one: &&Participant| match state.calls.answer_of(one) {
        Some(below) => !below.is_empty() && !passed.contains(&one.instance),
        None => true,
    };
    decision.participants.iter().filter(is_to_be_told).cloned().collect()
}

/// Releases what a walk has found and no record names, if the walk is over: what it found last goes first. So what is
/// left after a crash is what the next walk finds too, and nothing is free that a zombie could see before it comes to
/// the walk's end.
pub(super) async fn release_found(journal: &Journal, current: &Try) -> Result<(), Fault> {
    let (environment, service) = (journal.environment(), journal.identity().function.service);
    let id = current.id(journal);
    if let Some(fault) = current.state().unfenced.take() {
        return Err(fault);
    }
    let found = std::mem::take(&mut current.state().found);
    remember_tombstones(journal, current, &found).await?;
    for found in found.into_iter().rev() {
        match found {
            Found::Row(row) => current.leaves(release(environment, service, &id, &row, false).await?),
            Found::Participant(participant) => tell_each(telling(&id), environment, &[participant]).await?,
        }
    }
    Ok(())
}

/// Sees to it that somebody knows of the tombstones that a walk leaves, before anything of what it has found goes: the
/// next walk would end there, and come by none of those behind it.
async fn remember_tombstones(journal: &Journal, current: &Try, found: &[Found]) -> Result<(), Fault> {
    if found.is_empty() {
        return Ok(());
    }
    let absent = found.iter().filter_map(|found| match found {
        Found::Row(row) if row.absent => Some(row.row()),
        _ => None,
    });
    let (environment, service) = (journal.environment(), journal.identity().function.service);
    for row in current.take_tombstones().into_iter().chain(absent) {
        remember(environment, service, &row, journal.start_ms()).await?;
    }
    Ok(())
}

/// Takes the lock of one row off; with the change, if it is committed. Gives the row if it is left as a tombstone.
pub(super) async fn release(
    environment: &Environment,
    service: &str,
    id: &TransactionId,
    row: &HeldRow,
    commits: bool,
) -> Result<Option<RowKey>, Fault> {
    let change = row.change.as_ref().filter(|_| commits);
    let (journal, owner) = (journal_table(service), id.to_bytes());
    let (table, key, entries) = (row.table.as_str(), &row.key, row.entries.as_slice());
    let (journal, absent) = (journal.as_str(), row.absent);
    let release = RowRelease { environment, journal, table, key, entries, owner, absent, change };
    let tombstone = release.release(Some(row.epoch)).await?;
    Ok(tombstone.then(|| row.row()))
}

/// Tells each service once that the transaction is committed, with its participants in the order of the program, and
/// those of them whose blocks were `rolled_back`: what these hold of rows that are changed ends with the others. Gives
/// which services were told.
async fn tell_services(
    environment: &Environment,
    id: &TransactionId,
    participants: &[Participant],
    rolled_back: &[Participant],
    repeats: bool,
) -> Vec<(String, Result<(), Fault>)> {
    let mut services: Vec<Vec<&Participant>> = Vec::new();
    for participant in participants {
        match services.iter_mut().find(|known| known[0].service == participant.service) {
            Some(known) => known.push(participant),
            None => services.push(vec![participant]),
        }
    }
    let told = services.iter().map(|participants| async {
        let service = participants[0].service.clone();
        let known = rolled_back.iter().filter(|one| one.service == service).cloned().collect();
        let context = TransactionContext { known, repeats, ..telling(id) };
        let told = tell(environment, context, participants, Delivery::Commit).await;
        (service, told.map(drop))
    });
    join_all(told).await
}

/// Tells each participant that the transaction is rolled back.
pub(super) async fn tell_each(
    context: TransactionContext,
    environment: &Environment,
    participants: &[Participant],
) -> Result<(), Fault> {
    let each: Vec<_> = participants.iter().map(|participant| [participant]).collect();
    // The others are told even if one cannot be: a later attempt tells them all again.
    let told = join_all(each.iter().map(|one| tell(environment, context.clone(), one, Delivery::Abort))).await;
    told.into_iter().try_for_each(|told| told.map(drop))
}

/// Tells participants of one service the decision, until they have answered, a bounded number of times.
async fn tell(
    environment: &Environment,
    context: TransactionContext,
    participants: &[&Participant],
    delivery: Delivery,
) -> Result<Option<Answer>, Fault> {
    let Some(last) = participants.last() else { return Ok(None) };
    let instances: Vec<_> = participants.iter().map(|participant| participant.instance).collect();
    let invocation = Invocation {
        service: last.service.clone(),
        function: last.function.clone(),
        instance: last.instance,
        arguments: crate::data::encode(&instances)?,
        caller: Some(context.id.to_string()),
        delivery,
        transaction: Some(context),
        contract: None,
    };
    Ok(crate::data::decode(&deliver(environment, invocation).await?)?)
}

/// What a decision is told with, unless there is more to say.
fn telling(id: &TransactionId) -> TransactionContext {
    TransactionContext { id: id.clone(), max_wait_ms: 0, known: Vec::new(), repeats: false, tells_below: false }
}

/// What a rollback is told with, if all those below are told at the same time.
pub(super) fn telling_all(id: &TransactionId) -> TransactionContext {
    TransactionContext { tells_below: true, ..telling(id) }
}

/// Makes the detached calls that were held back. If an earlier attempt may have made them, and the caller is so old, as
/// its start `since_ms` tells, that their results may be gone, it fails instead of having them run anew (protocol,
/// section 5).
pub(super) async fn place(environment: &Environment, calls: &[HeldCall], since_ms: Option<u64>) -> Result<(), Fault> {
    let age_ms = since_ms.map_or(0, |since_ms| environment.world.now_ms().saturating_sub(since_ms));
    if let Some(call) = calls.iter().find(|call| since_ms.is_some() && age_ms >= call.kept_ms) {
        return Err(outdated(call, age_ms));
    }
    let placed = calls.iter().map(|call| {
        let HeldCall { service, function, instance, arguments, caller, contract, .. } = call.clone();
        let (caller, delivery, transaction) = (Some(caller), Delivery::Accept, None);
        deliver(
            environment,
            Invocation { service, function, instance, arguments, caller, delivery, transaction, contract },
        )
    });
    try_join_all(placed).await.map(drop)
}

fn outdated(call: &HeldCall, age_ms: u64) -> Fault {
    let HeldCall { service, function, instance, kept_ms, .. } = call.clone();
    let problem = Problem {
        kind: ProblemKind::UnknownInstance,
        detail: format!("the caller is {age_ms} ms old, and the function keeps its results for {kept_ms} ms"),
        service: service.clone(),
        function: function.clone(),
        instance: Some(instance),
        step: None,
    };
    Fault::Undelivered { service, function, error: InvokeError::Refused(Box::new(problem)) }
}

async fn deliver(environment: &Environment, invocation: Invocation) -> Result<String, Fault> {
    let mut tries = 0;
    loop {
        tries += 1;
        let error = match environment.invoker.invoke(invocation.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if tries >= environment.settings.call_tries || matches!(error, InvokeError::Refused(_)) {
            let Invocation { service, function, .. } = invocation;
            return Err(Fault::Undelivered { service, function, error });
        }
        tokio::time::sleep(environment.settings.backoff_after(tries)).await;
    }
}

/// Sees to it that a participant never prepares. If it has, gives its answer: it holds what it holds until it is told to
/// abort.
pub(super) async fn fence(
    journal: &Journal,
    current: &Try,
    participant: &Participant,
) -> Result<Option<Answer>, Fault> {
    tell(journal.environment(), telling(&current.id(journal)), &[participant], Delivery::Fence).await
}
