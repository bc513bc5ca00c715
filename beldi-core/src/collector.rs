//! The intent collector: starts again what is due, until it is done or parked (protocol, section 7).
//!
//! Invariants: an instance is claimed by one conditional update of its due time before it is started, so
//! that two collectors do not both start it; what has failed too often is parked with its last error, never
//! dropped, never spinning; what could not be started does not count as an attempt.

use crate::attributes::{get_string, get_u64, number, string};
use crate::checksum;
use crate::environment::{Environment, journal_table};
use crate::function::FunctionEntry;
use crate::ids::InstanceId;
use crate::intent::{self, DUE_INDEX};
use crate::invoke::{Delivery, Invocation};
use crate::store::{Attributes, GetItem, Placeholders, QueryItems, StoreError};
use crate::world::millis;

/// What one round of a collector found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Instances that were started again.
    pub started: u32,
    /// Instances that were parked because they had failed too often.
    pub parked: u32,
    /// Instances that another collector, or their own attempt, had taken care of.
    pub missed: u32,
}

impl Round {
    /// Adds what another round found.
    pub(crate) fn add(&mut self, other: Self) {
        self.started += other.started;
        self.parked += other.parked;
        self.missed += other.missed;
    }
}

/// The most instances that one round takes from each shard of the index.
pub(crate) const MAX_PER_SHARD: u32 = 64;

/// An instance that was claimed for one more attempt.
#[must_use = "nobody else starts it before this attempt must be dead"]
pub(crate) struct Claim {
    /// What starts it.
    pub(crate) invocation: Invocation,
    /// When it is due again, unless this attempt ends it.
    due_ms: u64,
    /// How many attempts it has had, this one included.
    attempts: u32,
}

impl Claim {
    /// Starts the attempt somewhere else, and does not wait for it. Where that could not be sent, the instance is due
    /// again as if it had not been claimed: ten rounds in which a platform takes nothing would park what is healthy.
    pub(crate) async fn trigger(self, environment: &Environment) {
        let Self { invocation, due_ms, attempts } = self;
        let (service, instance) = (invocation.service.clone(), invocation.instance);
        let Err(error) = environment.invoker.trigger(invocation).await else { return };
        tracing::warn!(service, %instance, %error, "an instance that is due is left to the next round");
        if let Err(error) = intent::give_back(environment, &service, instance, due_ms, attempts).await {
            tracing::warn!(service, %instance, %error, "an attempt counts that never began");
        }
    }
}

/// Claims what is due in one service and what there is `room` for. The claims are to be started by the
/// caller, in parallel. What fails is left to the next round, and holds up nothing else.
pub(crate) async fn claim_due(
    environment: &Environment,
    service: &str,
    mut room: impl FnMut(&FunctionEntry, InstanceId) -> bool + Send,
) -> (Round, Vec<Claim>) {
    let mut round = Round::default();
    let mut claims = Vec::new();
    for shard in intent::open_shards() {
        let due = due_instances(environment, service, &shard).await.unwrap_or_else(|error| {
            tracing::warn!(service, shard, %error, "the collector will look again");
            Vec::new()
        });
        for due in due {
            let function = environment.registry.function(service, get_string(&due, "function").unwrap_or_default());
            // An instance that waits for its turn must not count as one that was tried.
            let waits = function.zip(instance_of(&due)).is_some_and(|(function, instance)| !room(function, instance));
            if waits {
                continue;
            }
            match claim(environment, service, &due).await {
                Ok(Claimed::Started(claim)) => {
                    round.started += 1;
                    claims.push(*claim);
                }
                Ok(Claimed::Parked) => round.parked += 1,
                Ok(Claimed::Missed) => round.missed += 1,
                Err(error) => tracing::warn!(service, %error, "an instance could not be claimed"),
            }
        }
    }
    (round, claims)
}

/// Claims one instance, if it is due.
pub(crate) async fn claim_one(
    environment: &Environment,
    service: &str,
    instance: InstanceId,
) -> Result<Option<Claim>, StoreError> {
    let get = GetItem { table: journal_table(service), key: intent::key(instance), consistent: true };
    let due = environment.store.get(get).await?.filter(|intent| {
        let is_open = get_string(intent, "shard").is_some_and(|shard| intent::open_shards().any(|open| open == shard));
        is_open && get_u64(intent, "due").is_some_and(|due_ms| due_ms <= environment.world.now_ms())
    });
    match due {
        Some(due) => match claim(environment, service, &due).await? {
            Claimed::Started(claim) => Ok(Some(*claim)),
            Claimed::Parked | Claimed::Missed => Ok(None),
        },
        None => Ok(None),
    }
}

/// When the next instance of a service is due, milliseconds since 1970; `None` if all are done or parked.
pub(crate) async fn next_due(environment: &Environment, service: &str) -> Result<Option<u64>, StoreError> {
    let mut next = None;
    for shard in intent::open_shards() {
        let first = index_page(environment, service, &shard, None, 1).await?.pop();
        let due = first.and_then(|intent| get_u64(&intent, "due"));
        next = next.into_iter().chain(due).min();
    }
    Ok(next)
}

/// All parked instances of a service, the longest parked first, with their last errors.
pub(crate) async fn parked(environment: &Environment, service: &str) -> Result<Vec<(InstanceId, String)>, StoreError> {
    let mut query = index_query(service, intent::PARKED, None, MAX_PER_SHARD);
    let mut parked = Vec::new();
    loop {
        let page = environment.store.query(query.clone()).await?;
        parked.extend(page.items.iter().filter_map(|intent| {
            let error = get_string(intent, "error").unwrap_or_default();
            Some((get_string(intent, "instance")?.parse().ok()?, error.to_owned()))
        }));
        match page.next {
            Some(next) => query.start = Some(next),
            None => return Ok(parked),
        }
    }
}

async fn due_instances(environment: &Environment, service: &str, shard: &str) -> Result<Vec<Attributes>, StoreError> {
    index_page(environment, service, shard, Some(environment.world.now_ms()), MAX_PER_SHARD).await
}

pub(crate) async fn index_page(
    environment: &Environment,
    service: &str,
    shard: &str,
    due_until_ms: Option<u64>,
    limit: u32,
) -> Result<Vec<Attributes>, StoreError> {
    let query = index_query(service, shard, due_until_ms, limit);
    Ok(environment.store.query(query).await?.items)
}

fn index_query(service: &str, shard: &str, due_until_ms: Option<u64>, limit: u32) -> QueryItems {
    let mut placeholders = Placeholders::default();
    let (name, value) = (placeholders.name("shard"), placeholders.value(string(shard)));
    let mut key_condition = format!("{name} = {value}");
    if let Some(until) = due_until_ms {
        let (name, value) = (placeholders.name("due"), placeholders.value(number(until)));
        key_condition.push_str(&format!(" AND {name} <= {value}"));
    }
    QueryItems {
        table: journal_table(service),
        index: Some(DUE_INDEX.to_owned()),
        key_condition,
        filter: None,
        placeholders,
        forward: true,
        limit: Some(limit),
        start: None,
        consistent: false,
    }
}

fn instance_of(intent: &Attributes) -> Option<InstanceId> {
    get_string(intent, "instance")?.parse().ok()
}

enum Claimed {
    Started(Box<Claim>),
    Parked,
    Missed,
}

async fn claim(environment: &Environment, service: &str, due: &Attributes) -> Result<Claimed, StoreError> {
    let (Some(instance), Some(due_ms)) = (instance_of(due), get_u64(due, "due")) else { return Ok(Claimed::Missed) };
    let name = get_string(due, "function").unwrap_or_default();
    let attempts = u32::try_from(get_u64(due, "attempts").unwrap_or(1)).unwrap_or(u32::MAX).saturating_add(1);
    let park = async |due_ms: u64, error: String| -> Result<Claimed, StoreError> {
        let parked = intent::park(environment, service, instance, Some(due_ms), &error).await?;
        Ok(if parked { Claimed::Parked } else { Claimed::Missed })
    };
    let Some(function) = environment.registry.function(service, name) else {
        return park(due_ms, format!("this program has no function {service}/{name}")).await;
    };
    if attempts > environment.settings.max_attempts {
        let error = get_string(due, "error").unwrap_or("its attempts died without leaving an error");
        return park(due_ms, format!("given up after {} attempts; the last error: {error}", attempts - 1)).await;
    }
    let timeout = millis(function.timeout.unwrap_or(environment.settings.timeout));
    let next_ms = environment.world.now_ms() + timeout + millis(environment.settings.margin);
    let claimed = intent::claim(environment, service, instance, due_ms, next_ms, attempts).await?;
    let Some(intent) = claimed else { return Ok(Claimed::Missed) };
    if let Err(damage) = checksum::verify(&intent) {
        return park(next_ms, format!("{service}/{name}: {damage}")).await;
    }
    if let Err(error) = (function.check_arguments)(get_string(&intent, "arguments").unwrap_or_default()) {
        return park(next_ms, format!("its arguments are not what {service}/{name} takes: {error}")).await;
    }
    let invocation = Invocation {
        service: service.to_owned(),
        function: get_string(&intent, "function").unwrap_or_default().to_owned(),
        instance,
        arguments: get_string(&intent, "arguments").unwrap_or_default().to_owned(),
        caller: get_string(&intent, "caller").map(str::to_owned),
        delivery: Delivery::Repeat,
        transaction: intent::transaction_of(&intent),
        // It was compared when the instance was begun.
        contract: None,
    };
    Ok(Claimed::Started(Box::new(Claim { invocation, due_ms: next_ms, attempts })))
}
