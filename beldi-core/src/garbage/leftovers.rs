//! What an instance leaves when it is done, and when that may go.
//!
//! Invariant: a row that an instance has made a tombstone is listed when the instance is marked as done, or has an item
//! of its own. So every tombstone is known to somebody: to an instance that is open, or in one of these ways.

use serde_dynamo::AttributeValue;

use super::index::{self, Class};
use crate::attributes::{get_list, get_string, get_u64, number, size_of, string};
use crate::checksum::sealed;
use crate::daal::{RowKey, TOMBSTONE_RECORD};
use crate::environment::{Environment, journal_table};
use crate::ids::InstanceId;
use crate::store::tables::{JOURNAL_EXPIRES, JOURNAL_INSTANCE, JOURNAL_RECLAIM, JOURNAL_RECLAIM_FROM, JOURNAL_RECORD};
use crate::store::{Attributes, Placeholders, PutItem, StoreError};
use crate::world::millis;

/// The attribute that lists tombstones.
pub(crate) const TOMBSTONES: &str = "tombstones";
/// The attribute with the number of records of a done instance, record 0 included.
pub(super) const RECORDS: &str = "records";

/// The most tombstones that a record lists, and the most bytes of them.
const MAX_LISTED: usize = 100;
const MAX_LISTED_BYTES: usize = 32 * 1024;

/// An instance that is to be marked as done, and what it leaves.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) instance: InstanceId,
    pub(crate) function: String,
    pub(crate) result: String,
    /// When it started, in milliseconds since 1970.
    pub(crate) start_ms: u64,
    /// How many records it has.
    pub(crate) records: u64,
    /// The rows that it has left as tombstones, or may have.
    pub(crate) tombstones: Vec<RowKey>,
    /// What a participant goes on telling when only record 0 is left.
    pub(crate) told: Option<Told>,
}

/// How a participant of a transaction ended.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    /// It had prepared, with these participants below it, as JSON.
    Prepared(String),
    /// It was told of a rollback before it had.
    Aborted,
}

impl Finished {
    /// The tombstones as an attribute, if there are any to be listed. A list that is too long for that becomes one
    /// item for each row first.
    pub(crate) async fn list(
        &self,
        environment: &Environment,
        service: &str,
    ) -> Result<Option<AttributeValue>, StoreError> {
        let Some(list) = to_attribute(&self.tombstones) else { return Ok(None) };
        if self.tombstones.len() <= MAX_LISTED && size_of(&list) <= MAX_LISTED_BYTES {
            return Ok(Some(list));
        }
        for row in &self.tombstones {
            remember(environment, service, row, self.start_ms).await?;
        }
        Ok(None)
    }
}

fn to_attribute(rows: &[RowKey]) -> Option<AttributeValue> {
    let rows = rows.iter().map(|row| {
        let mut map = Attributes::new();
        row.clone().write(&mut map);
        AttributeValue::M(map)
    });
    let list: Vec<_> = rows.collect();
    (!list.is_empty()).then_some(AttributeValue::L(list))
}

/// The tombstones that a record lists.
pub(crate) fn listed(record: &Attributes) -> Vec<RowKey> {
    rows_of(get_list(record, TOMBSTONES))
}

/// The rows of a list.
pub(crate) fn rows_of(list: &[AttributeValue]) -> Vec<RowKey> {
    let maps = list.iter().filter_map(|row| match row {
        AttributeValue::M(map) => Some(map),
        _ => None,
    });
    maps.filter_map(RowKey::read).collect()
}

/// The same list as an attribute, empty or not.
pub(crate) fn list_of(rows: &[RowKey]) -> AttributeValue {
    to_attribute(rows).unwrap_or_else(|| AttributeValue::L(Vec::new()))
}

/// Puts the item that stands for one tombstone, to be looked at when the watermark has passed `from_ms`.
pub(crate) async fn remember(
    environment: &Environment,
    service: &str,
    row: &RowKey,
    from_ms: u64,
) -> Result<(), StoreError> {
    let name = row.name();
    let mut item = Attributes::from([
        (JOURNAL_INSTANCE.to_owned(), string(&name)),
        (JOURNAL_RECORD.to_owned(), number(TOMBSTONE_RECORD)),
    ]);
    row.clone().write(&mut item);
    index::enter(&mut item, Class::Tombstone.of_row(&name), from_ms);
    let (condition, placeholders) = (None, Placeholders::default());
    let item = sealed(item);
    environment.store.put(PutItem { table: journal_table(service), item, condition, placeholders }).await
}

/// The attributes of a record 0 whose instance leaves nothing but its result, and those that it has no more.
pub(crate) struct Expiry {
    pub(crate) set: Vec<(&'static str, AttributeValue)>,
    pub(crate) remove: &'static [&'static str],
}

/// When the result of an instance goes that is done at `done_ms`. A caller that is younger than the function's
/// retention may be about to ask for it: its attempt and its request take their time.
pub(crate) fn expiry(
    environment: &Environment,
    service: &str,
    function: &str,
    instance: InstanceId,
    done_ms: u64,
) -> Expiry {
    let settings = &environment.settings;
    let function = environment.registry.function(service, function);
    let retention = function.and_then(|function| function.retention).unwrap_or(settings.retention);
    let expires_ms = done_ms + millis(retention) + millis(settings.longest_timeout) + millis(settings.margin);
    if environment.store.expires_items() {
        let set = vec![(JOURNAL_EXPIRES, number(expires_ms.div_ceil(1000)))];
        return Expiry { set, remove: &[JOURNAL_RECLAIM, JOURNAL_RECLAIM_FROM] };
    }
    let partition = string(Class::Result.of_instance(instance));
    Expiry { set: vec![(JOURNAL_RECLAIM, partition), (JOURNAL_RECLAIM_FROM, number(expires_ms))], remove: &[] }
}

/// The instance whose done record 0 this is: its id, its function, when it was done, and how many records it has.
pub(super) fn done(record: &Attributes) -> Option<(InstanceId, &str, u64, u64)> {
    let instance = get_string(record, JOURNAL_INSTANCE)?.parse().ok()?;
    let records = get_u64(record, RECORDS).unwrap_or(1);
    Some((instance, get_string(record, "function").unwrap_or_default(), get_u64(record, "done")?, records))
}

/// What record 0 of a done instance has that leaves more than its result.
pub(crate) fn more(finished: &Finished, tombstones: Option<AttributeValue>) -> Vec<(&'static str, AttributeValue)> {
    let partition = string(Class::Done.of_instance(finished.instance));
    let set = [(JOURNAL_RECLAIM, partition), (RECORDS, number(finished.records))];
    set.into_iter().chain(tombstones.map(|list| (TOMBSTONES, list))).collect()
}
