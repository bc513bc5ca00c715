//! A function that was called in a transaction: it prepares, and is told the decision.
//!
//! Invariants: what it holds is durable before it answers; once it was told of a rollback it never prepares, because
//! the one record is put on the condition that the other is absent; it carries out what it is told before it answers,
//! so that nobody who was answered needs to be told again.

use std::sync::Arc;

use futures_util::future::try_join_all;

use super::attempt::Try;
use super::record::{HeldRow, Part, Prepared};
use super::told::{Untold, abort, commit, fence, find_and_release};
use super::{Answer, Participant, TransactionContext, TransactionId};
use crate::attempt::{
    Cx, Epilogue, Identity, Journal, Loaded, Ran, Recordings, Reply, Task, failed, mismatch, refused, run,
};
use crate::attributes::{get_string, get_u64};
use crate::collector::{MAX_PER_SHARD, index_page};
use crate::daal::RowRelease;
use crate::environment::{Environment, journal_table};
use crate::error::{Fault, InvokeError, ProblemKind};
use crate::garbage::Finished;
use crate::ids::InstanceId;
use crate::intent;
use crate::invoke::{Delivery, Invocation};
use crate::store::StoreError;

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
    if !invocation.delivery.decides() {
        return join(environment, &identity, context, invocation.delivery).await;
    }
    let instances: Vec<InstanceId> = serde_json::from_str(&invocation.arguments)
        .map_err(|error| refused_with(&identity, &format!("the list of participants is unreadable: {error}")))?;
    let told = match invocation.delivery {
        Delivery::Commit => commit(environment, &identity, &context, &instances).await,
        Delivery::Fence => fence(environment, &identity, &context.id, &instances).await,
        _ => abort(environment, &identity, &context, &instances).await,
    };
    match told {
        Ok(reply) => Ok(reply),
        Err(Untold::Refused(detail)) => Err(refused_with(&identity, &detail)),
        Err(Untold::Fault(fault)) => Err(failed(environment, &identity, None, fault.into()).await),
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
            Ok(Ran::Returned(result)) => match prepare(&journal, &current, result.clone()).await {
                Ok(answer) => {
                    Recordings::add(&journal, &result, Some(&current));
                    return reply(environment, identity, &answer, None);
                }
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
        Ok(Loaded::Prepared { prepared, settled, attempts, finished }) => {
            let answer = answer_of(identity, &prepared);
            let task = match attempts > 1 && !settled {
                true => what_next(environment, identity, &context.id, &prepared, (attempts, *finished)).await,
                false => Ok(None),
            };
            task.map(|task| (answer, task))
        }
        Ok(Loaded::Aborted { settled: true, .. }) => Ok((Answer::Aborted, None)),
        Ok(Loaded::Aborted { journal, settled: false }) => {
            let service = identity.function.service;
            let found = find_and_release(Arc::from(journal), context).await;
            found.map(|finished| (Answer::Aborted, Some(Task::MarkDone { service, finished: vec![finished] })))
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
/// or it waits. Whoever finds that at the first claim leaves it to the next: by a clock that is behind, somebody who tells
/// the decision may still have time, and takes for granted that a collector comes afterwards.
async fn what_next(
    environment: &Environment,
    identity: &Identity,
    id: &TransactionId,
    prepared: &Prepared,
    (attempts, finished): (u32, Finished),
) -> Result<Option<Task>, Fault> {
    let (service, instance) = (identity.function.service, identity.instance);
    let told: Option<Vec<bool>> = match prepared.shows_in_rows() {
        true => {
            let told = prepared.rows.iter().map(|row| is_ended(environment, service, id, row));
            try_join_all(told).await?.into_iter().collect()
        }
        false => None,
    };
    let is_last = attempts > 2 || attempts >= environment.settings.max_attempts;
    Ok(match told {
        Some(tombstones) => {
            let rows = prepared.rows.iter().zip(tombstones).filter(|(_, tombstone)| *tombstone);
            let tombstones = rows.map(|(row, _)| row.row()).collect();
            Some(Task::MarkDone { service, finished: vec![Finished { tombstones, ..finished }] })
        }
        None => is_last.then_some(Task::WaitForDecision { service, instance }),
    })
}

/// Whether the row is released, and then whether it is a tombstone.
async fn is_ended(
    environment: &Environment,
    service: &str,
    id: &TransactionId,
    row: &HeldRow,
) -> Result<Option<bool>, Fault> {
    let (journal, owner) = (journal_table(service), id.to_bytes());
    let (table, key, entries) = (row.table.as_str(), &row.key, row.entries.as_slice());
    let (journal, absent) = (journal.as_str(), row.absent);
    let release = RowRelease { environment, journal, table, key, entries, owner, absent, change: None };
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
    journal.check_result(&prepared.result)?;
    let answer = answer_of(journal.identity(), &prepared);
    journal.put_part(Part::Prepared(prepared).check()?, Vec::new()).await?;
    Ok(answer)
}

impl Prepared {
    /// Whether it has been told all, once its rows are released: so a collector can tell.
    pub(super) fn shows_in_rows(&self) -> bool {
        !self.rows.is_empty() && self.has_only_rows()
    }

    fn has_only_rows(&self) -> bool {
        self.participants.is_empty() && self.rolled_back.is_empty() && self.detached.is_empty()
    }
}

pub(super) fn answer_of(identity: &Identity, prepared: &Prepared) -> Answer {
    let (service, function) = (identity.function.service.to_owned(), identity.function.name.to_owned());
    let this = Participant { service, function, instance: identity.instance, saved_at: None, rolled_back: false };
    let below = prepared.participants.iter().chain(&prepared.rolled_back);
    let participants = below.cloned().chain([this]).collect();
    Answer::Prepared { result: prepared.result.clone(), participants }
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
