//! Loading a journal: what it says of an instance when an attempt looks.

use super::identity::Identity;
use super::journal::Journal;
use super::record::Recorded;
use crate::attributes::{get_string, get_u64, string};
use crate::checksum::{self, Damage};
use crate::environment::{Environment, journal_table};
use crate::error::Fault;
use crate::garbage::Finished;
use crate::ids::InstanceId;
use crate::intent;
use crate::store::{Attributes, Placeholders, QueryItems, StoreError};
use crate::txn::Prepared;

/// What a journal says of an instance when an attempt looks.
pub(crate) enum Loaded {
    /// Nothing: no attempt came as far as an effect.
    Absent,
    /// It has begun.
    Running(Box<Journal>),
    /// It is done, or its result is determined.
    Done {
        /// The JSON of the result.
        result: String,
        /// What is to be marked as done, unless record 0 says so already.
        unmarked: Option<Box<Finished>>,
    },
    /// It is parked.
    Parked {
        /// The last error.
        error: String,
    },
    /// It takes part in a transaction, and waits for the decision or was told it.
    Prepared {
        /// What it has done.
        prepared: Box<Prepared>,
        /// Whether it was told the decision, and has carried it out.
        settled: bool,
        /// How many of its attempts were started.
        attempts: u32,
        /// The instance as it is to be marked as done.
        finished: Box<Finished>,
    },
    /// It takes part in a transaction that is rolled back.
    Aborted {
        /// To find out what it holds.
        journal: Box<Journal>,
        /// Whether it holds nothing any more.
        settled: bool,
    },
    /// The id belongs to another function or to other arguments.
    Mismatch,
}

impl Journal {
    /// Loads the journal partition of the instance, consistently.
    pub(crate) async fn load(environment: &Environment, identity: &Identity) -> Result<Loaded, Fault> {
        let records = load_records(environment, identity.function.service, identity.instance).await?;
        let Some(first) = records.first() else { return Ok(Loaded::Absent) };
        // A participant that was told of a rollback before it began has an intent without arguments.
        let is_ours = get_string(first, "function") == Some(identity.function.name)
            && get_string(first, "arguments_hash").is_none_or(|hash| hash == identity.arguments_hash())
            && (first.contains_key("aborted") || is_in_the_same_transaction(first, identity));
        if !is_ours {
            return Ok(Loaded::Mismatch);
        }
        let marked = first.contains_key("done");
        let attempts = get_u64(first, "attempts").and_then(|count| u32::try_from(count).ok()).unwrap_or(1);
        let mut recorded = read_records(&records)?;
        let finished = |result: &str| Box::new(finished(&records, identity.instance, result));
        if let Some(prepared) = recorded.prepared.take() {
            let mut finished = finished(&prepared.result);
            finished.told = Some(prepared.told());
            return Ok(Loaded::Prepared { prepared: Box::new(prepared), settled: marked, attempts, finished });
        }
        let aborted = recorded.aborted;
        // A result that is determined stays so, even if a collector gave the instance up since.
        if let Some(result) = recorded.result.take_if(|_| !aborted) {
            let tombstones = std::mem::take(&mut recorded.tombstones);
            let unmarked = (!marked).then(|| Box::new(Finished { tombstones, ..*finished(&result) }));
            return Ok(Loaded::Done { result, unmarked });
        }
        let parked = first.contains_key("parked") && !identity.roll_back && !aborted;
        if parked {
            let error = get_string(first, "error").unwrap_or("nobody has noted an error");
            return Ok(Loaded::Parked { error: error.to_owned() });
        }
        let start_ms = get_u64(first, "start").unwrap_or_default();
        let next_record = records.len() as u64;
        let journal = Self::new(environment.clone(), identity.clone(), recorded, next_record, start_ms);
        // Whoever finds an intent repeats it, also one that nobody has claimed since it was restarted or accepted.
        let journal = Box::new(journal.after(attempts.max(1)));
        Ok(if aborted { Loaded::Aborted { journal, settled: marked } } else { Loaded::Running(journal) })
    }
}

/// Whether an intent belongs to the transaction that an invocation joins; or neither to any.
fn is_in_the_same_transaction(intent: &Attributes, identity: &Identity) -> bool {
    let recorded = intent::transaction_of(intent);
    recorded.as_ref().map(|joined| &joined.id) == identity.transaction.as_ref().map(|joined| &joined.id)
}

/// The instance of these records, as it is to be marked as done.
pub(crate) fn finished(records: &[Attributes], instance: InstanceId, result: &str) -> Finished {
    let first = records.first();
    let function = first.and_then(|first| get_string(first, "function")).unwrap_or_default().to_owned();
    let start_ms = first.and_then(|first| get_u64(first, "start")).unwrap_or_default();
    let (result, records, tombstones) = (result.to_owned(), records.len() as u64, Vec::new());
    Finished { instance, function, result, start_ms, records, tombstones, told: None }
}

/// What the records of an instance say.
pub(crate) fn read_records(records: &[Attributes]) -> Result<Recorded, Fault> {
    let mut recorded = Recorded::default();
    for record in records {
        recorded.read(record)?;
    }
    // Of a participant that is done, record 0 may be all that is left.
    if let Some(first) = records.first().filter(|_| recorded.prepared.is_none()) {
        recorded.prepared = Prepared::answered(first);
    }
    Ok(recorded)
}

/// How often a journal with a gap is queried: a query of several pages is no snapshot, but no gap lasts.
const MAX_QUERIES: u32 = 8;

/// All records of an instance, each as it was put, without a gap. Of one that is done later records may be gone.
pub(crate) async fn load_records(
    environment: &Environment,
    service: &str,
    instance: InstanceId,
) -> Result<Vec<Attributes>, Fault> {
    let mut missing = None;
    for _ in 0..MAX_QUERIES {
        let records = query_records(environment, service, instance).await?;
        missing = (0..).zip(&records).find_map(|(number, record)| {
            let is_there = get_u64(record, "record") == Some(number);
            (!is_there).then_some(number)
        });
        let is_done = records.first().is_some_and(|first| first.contains_key("done"));
        if missing.is_none() || (is_done && missing > Some(0)) {
            records.iter().try_for_each(checksum::verify)?;
            return Ok(records);
        }
    }
    Err(Damage::missing(instance, missing.unwrap_or_default()).into())
}

async fn query_records(
    environment: &Environment,
    service: &str,
    instance: InstanceId,
) -> Result<Vec<Attributes>, StoreError> {
    let mut placeholders = Placeholders::default();
    let name = placeholders.name("instance");
    let value = placeholders.value(string(instance.to_string()));
    let mut records = Vec::new();
    let mut query = QueryItems {
        table: journal_table(service),
        index: None,
        key_condition: format!("{name} = {value}"),
        filter: None,
        placeholders,
        forward: true,
        limit: None,
        start: None,
        consistent: true,
    };
    loop {
        let page = environment.store.query(query.clone()).await?;
        records.extend(page.items);
        match page.next {
            Some(next) => query.start = Some(next),
            None => return Ok(records),
        }
    }
}
