//! Record 0 of an instance: its intent, and the states it goes through.
//!
//! Invariant: an instance that has a record 0 and is not done stands in the sparse index `due` under one
//! of the open shards, under [`PARKED`] or under [`IN_DOUBT`]; so it is restarted until it is done, or visible as parked
//! (protocol, sections 2 and 7). Every transition is one conditional update; an illegal one changes
//! nothing.
//!
//! | from | to | by |
//! |---|---|---|
//! | absent | running | the first flush of an attempt, or an accepted detached call |
//! | absent | done | an attempt that returns without having had an effect |
//! | running | running, due later | a collector that claims it, an attempt that failed |
//! | running | done | an attempt whose result is determined |
//! | absent | done | a rollback that finds its participant not begun |
//! | running | in doubt | a collector that finds a participant prepared: only its coordinator moves it on |
//! | in doubt | done | the coordinator's decision, carried out |
//! | running | parked | a collector or an attempt, after too many failures or one that will not pass |
//! | parked | running | an operator |

use serde_dynamo::AttributeValue;

use crate::attempt::Identity;
use crate::attributes::{get_string, get_u64, number, string};
use crate::checksum::{self, CHECKSUM, RESULT_CHECKSUM};
use crate::environment::{Environment, Settings, journal_table};
use crate::garbage::{self, Class, Expiry, Finished, Told};
use crate::ids::InstanceId;
use crate::store::{Attributes, Placeholders, ReturnValues, StoreError, UpdateItem};
use crate::txn::TransactionContext;
use crate::world::millis;

/// The sparse index of instances that are not done, by due time.
pub(crate) const DUE_INDEX: &str = "due";

/// How many partitions the open instances of a service are spread over.
const SHARDS: u8 = 4;

/// The partition of the index that holds parked instances, by the time they were parked.
pub(crate) const PARKED: &str = "parked";

/// The partition of the index that holds participants which have waited for a decision for long.
pub(crate) const IN_DOUBT: &str = "in-doubt";

/// The participants below a participant that had prepared before it was done, as JSON: whoever is told of a rollback
/// once more says again what it had answered.
pub(crate) const ANSWERED: &str = "answered";

/// The open partitions of the index.
pub(crate) fn open_shards() -> impl Iterator<Item = String> {
    (0..SHARDS).map(|shard| format!("open-{shard}"))
}

fn shard_of(instance: InstanceId) -> String {
    format!("open-{}", instance.to_bytes()[15] % SHARDS)
}

/// The intent of an instance that runs: due a margin after the attempt's deadline, so that a restart
/// normally finds its predecessor dead.
pub(crate) fn running(identity: &Identity, start_ms: u64, settings: &Settings) -> Attributes {
    let mut intent = common(identity, start_ms);
    intent.insert("arguments".to_owned(), string(&identity.arguments));
    intent.insert("due".to_owned(), number(identity.deadline_ms + millis(settings.margin)));
    intent.insert("shard".to_owned(), string(shard_of(identity.instance)));
    garbage::enter(&mut intent, Class::Open.of_instance(identity.instance), start_ms);
    if let Some(transaction) = &identity.transaction {
        let json = serde_json::to_string(transaction).expect("names and numbers are always JSON");
        intent.insert("transaction".to_owned(), string(json));
    }
    intent
}

/// The intent of a participant that was told of a rollback before it began: it never will.
pub(crate) fn born_aborted(
    environment: &Environment,
    service: &str,
    function: &str,
    instance: InstanceId,
) -> Attributes {
    let now_ms = environment.world.now_ms();
    let mut intent = key(instance);
    intent.insert("function".to_owned(), string(function));
    intent.insert("start".to_owned(), number(now_ms));
    intent.insert("done".to_owned(), number(now_ms));
    intent.insert("result".to_owned(), string("null"));
    expire(&mut intent, garbage::expiry(environment, service, function, instance, now_ms));
    intent
}

/// Lets a record 0 that is all there is of an instance expire.
fn expire(intent: &mut Attributes, expiry: Expiry) {
    intent.extend(expiry.set.into_iter().map(|(name, value)| (name.to_owned(), value)));
}

/// The transaction that an instance takes part in.
pub(crate) fn transaction_of(intent: &Attributes) -> Option<TransactionContext> {
    serde_json::from_str(get_string(intent, "transaction")?).ok()
}

/// The intent of an instance that is done as soon as it is recorded.
pub(crate) fn born_done(environment: &Environment, identity: &Identity, start_ms: u64) -> Attributes {
    let done_ms = environment.world.now_ms();
    let mut intent = common(identity, start_ms);
    intent.insert("done".to_owned(), number(done_ms));
    let (function, instance) = (identity.function, identity.instance);
    expire(&mut intent, garbage::expiry(environment, function.service, function.name, instance, done_ms));
    intent
}

fn common(identity: &Identity, start_ms: u64) -> Attributes {
    let mut intent = key(identity.instance);
    intent.insert("function".to_owned(), string(identity.function.name));
    intent.insert("arguments_hash".to_owned(), string(identity.arguments_hash()));
    intent.insert("code".to_owned(), string(format!("{:016x}", identity.function.code)));
    intent.insert("start".to_owned(), number(start_ms));
    intent.insert("attempts".to_owned(), number(1));
    if let Some(caller) = &identity.caller {
        intent.insert("caller".to_owned(), string(caller));
    }
    intent
}

/// The key of record 0.
pub(crate) fn key(instance: InstanceId) -> Attributes {
    Attributes::from([("instance".to_owned(), string(instance.to_string())), ("record".to_owned(), number(0))])
}

/// An update of record 0 on the condition that the instance is not done.
struct Transition {
    placeholders: Placeholders,
    set: Vec<String>,
    remove: Vec<String>,
    condition: Vec<String>,
}

impl Transition {
    fn of_open() -> Self {
        let mut placeholders = Placeholders::default();
        let condition = vec![
            format!("attribute_exists({})", placeholders.name("instance")),
            format!("attribute_not_exists({})", placeholders.name("done")),
        ];
        Self { placeholders, set: Vec::new(), remove: Vec::new(), condition }
    }

    fn set(mut self, name: &str, value: AttributeValue) -> Self {
        let (name, value) = (self.placeholders.name(name), self.placeholders.value(value));
        self.set.push(format!("{name} = {value}"));
        self
    }

    fn remove(mut self, names: &[&str]) -> Self {
        self.remove.extend(names.iter().map(|name| self.placeholders.name(name)));
        self
    }

    fn when(mut self, name: &str, value: AttributeValue) -> Self {
        let (name, value) = (self.placeholders.name(name), self.placeholders.value(value));
        self.condition.push(format!("{name} = {value}"));
        self
    }

    /// Applies the transition. Gives the intent as it is now, or `None` where the condition did not hold.
    async fn apply(
        self,
        environment: &Environment,
        service: &str,
        instance: InstanceId,
    ) -> Result<Option<Attributes>, StoreError> {
        let mut update = format!("SET {}", self.set.join(", "));
        if !self.remove.is_empty() {
            update.push_str(" REMOVE ");
            update.push_str(&self.remove.join(", "));
        }
        let update = UpdateItem {
            table: journal_table(service),
            key: key(instance),
            update,
            condition: Some(self.condition.join(" AND ")),
            placeholders: self.placeholders,
            return_values: ReturnValues::AllNew,
        };
        match environment.store.update(update).await {
            Ok(now) => Ok(now),
            Err(StoreError::ConditionFailed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Marks an instance as done: result in; arguments, observations, parts and due time out. What it leaves besides is for
/// garbage collection; where that is nothing, the result expires. One that is done already stays as it is.
pub(crate) async fn mark_done(environment: &Environment, service: &str, finished: &Finished) -> Result<(), StoreError> {
    let Finished { instance, function, result, records, told, .. } = finished;
    let done_ms = environment.world.now_ms();
    let tombstones = finished.list(environment, service).await?;
    let Expiry { mut set, remove } = match *records > 1 || tombstones.is_some() {
        true => Expiry { set: garbage::more(finished, tombstones), remove: &[] },
        false => garbage::expiry(environment, service, function, *instance, done_ms),
    };
    let mut determined = vec![("done", number(done_ms)), ("result", string(result))];
    match told {
        Some(Told::Prepared(below)) => determined.push((ANSWERED, string(below))),
        Some(Told::Aborted) => determined.push(("aborted", AttributeValue::Bool(true))),
        None => {}
    }
    set.push((RESULT_CHECKSUM, checksum::of_done(*instance, &determined)));
    set.extend(determined);
    let transition =
        set.into_iter().fold(Transition::of_open(), |transition, (name, value)| transition.set(name, value));
    transition
        // Of what can be large, the result stays alone: with another part an item could not hold it.
        .remove(&["arguments", "due", "shard", "observations", "effect", "prepared", "decision", "error", "parked"])
        .remove(&[CHECKSUM])
        .remove(remove)
        .apply(environment, service, *instance)
        .await
        .map(drop)
}

/// Takes a participant that waits for a decision from the collectors' sight: its coordinator tells it.
pub(crate) async fn wait_for_decision(
    environment: &Environment,
    service: &str,
    instance: InstanceId,
) -> Result<(), StoreError> {
    Transition::of_open()
        .when("shard", string(shard_of(instance)))
        .set("shard", string(IN_DOUBT))
        .apply(environment, service, instance)
        .await
        .map(drop)
}

/// Claims an instance that was due at `due_ms` for one more attempt; the next one is due at `next_ms`. Gives its
/// intent, or `None` where another collector was faster.
pub(crate) async fn claim(
    environment: &Environment,
    service: &str,
    instance: InstanceId,
    due_ms: u64,
    next_ms: u64,
    attempts: u32,
) -> Result<Option<Attributes>, StoreError> {
    Transition::of_open()
        .when("due", number(due_ms))
        .set("due", number(next_ms))
        .set("attempts", number(attempts))
        .apply(environment, service, instance)
        .await
}

/// Takes a claim back whose attempt could not be sent: the instance is due at once, and the attempt does not count.
/// One that has come to something all the same has moved the due time; that of a participant stays, and does not count.
pub(crate) async fn give_back(
    environment: &Environment,
    service: &str,
    instance: InstanceId,
    due_ms: u64,
    attempts: u32,
) -> Result<(), StoreError> {
    Transition::of_open()
        .when("due", number(due_ms))
        .when("attempts", number(attempts))
        .set("due", number(environment.world.now_ms()))
        .set("attempts", number(attempts.saturating_sub(1)))
        .apply(environment, service, instance)
        .await
        .map(drop)
}

/// Notes why an attempt has failed, and makes the instance due again, not before a back-off. A participant stays due when
/// it is: its coordinator asks it again, and whoever carries out a decision relies on when a collector comes.
pub(crate) async fn note_failure(
    environment: &Environment,
    identity: &Identity,
    attempts: u32,
    error: &str,
) -> Result<(), StoreError> {
    let instance = identity.instance;
    let wait = environment.settings.backoff_after(attempts);
    let noted = Transition::of_open().when("shard", string(shard_of(instance))).set("error", string(shorten(error)));
    let due = match identity.transaction {
        Some(_) => noted,
        None => noted.set("due", number(environment.world.now_ms() + millis(wait))),
    };
    due.apply(environment, identity.function.service, instance).await.map(drop)
}

/// Parks an instance: no collector starts it until an operator does. A collector parks what was due at `due_ms`, and
/// nothing that an operator has restarted since.
pub(crate) async fn park(
    environment: &Environment,
    service: &str,
    instance: InstanceId,
    due_ms: Option<u64>,
    error: &str,
) -> Result<bool, StoreError> {
    let now = environment.world.now_ms();
    let open = Transition::of_open().when("shard", string(shard_of(instance)));
    let parked = due_ms
        .into_iter()
        .fold(open, |open, due_ms| open.when("due", number(due_ms)))
        .set("shard", string(PARKED))
        .set("due", number(now))
        .set("parked", number(now))
        .set("error", string(shorten(error)))
        .apply(environment, service, instance)
        .await?;
    Ok(parked.is_some())
}

/// Lets a parked instance run again, with all its attempts before it. Gives whether it was parked.
pub(crate) async fn unpark(environment: &Environment, service: &str, instance: InstanceId) -> Result<bool, StoreError> {
    let unparked = Transition::of_open()
        .when("shard", string(PARKED))
        .set("shard", string(shard_of(instance)))
        .set("due", number(environment.world.now_ms()))
        .set("attempts", number(0))
        .remove(&["parked", "error"])
        .apply(environment, service, instance)
        .await?;
    Ok(unparked.is_some())
}

fn shorten(error: &str) -> String {
    error.chars().take(2_000).collect()
}

/// What the journal says of an instance, for people and gateways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It has begun and is not done.
    Running {
        /// How many attempts were started, as far as the journal knows.
        attempts: u32,
        /// When the next attempt is due, milliseconds since 1970.
        due_ms: u64,
        /// Why the last attempt failed.
        error: Option<String>,
    },
    /// It is done.
    Done {
        /// The JSON of the result.
        result: String,
    },
    /// It waits for an operator.
    Parked {
        /// Why the last attempt failed.
        error: String,
    },
}

impl Status {
    /// The status that an intent tells.
    pub(crate) fn of(intent: &Attributes) -> Self {
        let error = get_string(intent, "error").map(str::to_owned);
        if let Some(result) = get_string(intent, "result") {
            return Self::Done { result: result.to_owned() };
        }
        if intent.contains_key("parked") {
            return Self::Parked { error: error.unwrap_or_default() };
        }
        let attempts = get_u64(intent, "attempts").and_then(|count| u32::try_from(count).ok()).unwrap_or(1);
        Self::Running { attempts, due_ms: get_u64(intent, "due").unwrap_or_default(), error }
    }
}
