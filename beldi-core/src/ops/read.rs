//! Reading rows by key.

use std::collections::HashMap;
use std::marker::PhantomData;

use serde_dynamo::AttributeValue;

use super::{Observation, Operation};
use crate::attempt::{Step, What};
use crate::attributes::{canonical_all, get_u64, key_text, number};
use crate::daal::{RowState, row_name, user_attributes};
use crate::data::DataError;
use crate::error::Fault;
use crate::item::{Item, key_attributes};
use crate::key::{ItemKey, KeyError};
use crate::store::{Attributes, BatchGetItem, GetItem};

/// Reads one row: see [`Item::get`].
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Get<I> {
    key: Result<ItemKey, KeyError>,
    shared: bool,
    item: PhantomData<fn() -> I>,
}

impl<I: Item> Get<I> {
    pub(crate) fn new(key: Result<ItemKey, KeyError>) -> Self {
        Self { key, shared: false, item: PhantomData }
    }

    /// In a transaction, holds the row together with others that only read it, instead of alone. For rows that the
    /// transaction does not write: where many read one row, none waits for another. Writing it all the same costs
    /// one more request, and two transactions that both do so conflict. At most 64 share a row; outside of
    /// transactions it changes nothing.
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }
}

#[diagnostic::do_not_recommend]
impl<I: Item> Operation for Get<I> {
    type Output = Option<I>;
    type Owner = I::Service;

    async fn perform(self, step: Step) -> Result<Option<I>, Fault> {
        let key = key_attributes::<I>(self.key?);
        if let Some(transaction) = step.cx().transaction() {
            let row = transaction.read(&step, I::TABLE, &key, self.shared).await?;
            return row.map(decode_item).transpose();
        }
        let row = row_name(I::TABLE, &key);
        let what = What::new("get", I::TABLE, key_text(&key), &[]);
        let request = GetItem { table: I::TABLE.to_owned(), key, consistent: true };
        let seen = step.observe(what, async { seen(step.environment().store.get(request).await?) }).await?;
        read::<I>(&step, row, seen)
    }
}

#[diagnostic::do_not_recommend]
impl<I: Item> Observation for Get<I> {}

/// Reads many rows: see [`Item::batch_get`].
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct BatchGet<I> {
    keys: Result<Vec<ItemKey>, KeyError>,
    item: PhantomData<fn() -> I>,
}

/// How many keys one BatchGetItem takes.
const MAX_BATCH: usize = 100;

impl<I: Item> BatchGet<I> {
    pub(crate) fn new(keys: Result<Vec<ItemKey>, KeyError>) -> Self {
        Self { keys, item: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<I: Item> Operation for BatchGet<I> {
    type Output = Vec<Option<I>>;
    type Owner = I::Service;

    async fn perform(self, step: Step) -> Result<Self::Output, Fault> {
        let keys: Vec<_> = self.keys?.into_iter().map(key_attributes::<I>).collect();
        if let Some(transaction) = step.cx().transaction() {
            let parts: Vec<_> = (0..).zip(&keys).map(|(number, key)| (step.part(number), key)).collect();
            let rows = parts.iter().map(|(part, key)| transaction.read(part, I::TABLE, key, false));
            let rows = crate::txn::each(rows).await?;
            return rows.into_iter().map(|row| row.map(decode_item).transpose()).collect();
        }
        let content: Vec<u8> = keys.iter().flat_map(canonical_all).collect();
        let what = What::new("batch_get", I::TABLE, format!("{} keys", keys.len()), &content);
        let rows = step.observe(what, async { batch_get::<I>(&step, &keys).await }).await?;
        let AttributeValue::L(rows) = rows else { return Err(not_a_row::<I>("no list of rows")) };
        keys.iter().zip(rows).map(|(key, seen)| read::<I>(&step, row_name(I::TABLE, key), seen)).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<I: Item> Observation for BatchGet<I> {}

/// Reads all rows, each key once, and gives one place for each key that was asked for.
async fn batch_get<I: Item>(step: &Step, keys: &[Attributes]) -> Result<AttributeValue, Fault> {
    let mut wanted: Vec<Attributes> = Vec::new();
    let mut distinct = std::collections::HashSet::new();
    for key in keys {
        if distinct.insert(canonical_all(key)) {
            wanted.push(key.clone());
        }
    }
    let mut found = HashMap::new();
    while !wanted.is_empty() {
        let rest = wanted.split_off(wanted.len().min(MAX_BATCH));
        let request = BatchGetItem { table: I::TABLE.to_owned(), keys: wanted, consistent: true };
        let (items, unprocessed) = step.environment().store.batch_get(request).await?;
        for item in items {
            let key = item.iter().filter(|(name, _)| is_key::<I>(name));
            let key: Attributes = key.map(|(name, value)| (name.clone(), value.clone())).collect();
            found.insert(canonical_all(&key), item);
        }
        if !unprocessed.is_empty() {
            tokio::time::sleep(step.environment().settings.backoff).await;
        }
        wanted = unprocessed.into_iter().chain(rest).collect();
    }
    let rows = keys.iter().map(|key| seen(found.get(&canonical_all(key)).cloned()));
    Ok(AttributeValue::L(rows.collect::<Result<_, _>>()?))
}

fn is_key<I: Item>(name: &str) -> bool {
    name == I::SCHEMA.partition_key || Some(name) == I::SCHEMA.sort_key
}

/// What a read records: the user's attributes, if there are any, and the epoch, which is the witness.
fn seen(item: Option<Attributes>) -> Result<AttributeValue, Fault> {
    let epoch = RowState::of(item.as_ref())?.epoch;
    let mut seen = Attributes::from([("epoch".to_owned(), number(epoch))]);
    if let Some(attributes) = user_attributes(item) {
        seen.insert("item".to_owned(), AttributeValue::M(attributes));
    }
    Ok(AttributeValue::M(seen))
}

fn read<I: Item>(step: &Step, row: String, seen: AttributeValue) -> Result<Option<I>, Fault> {
    let AttributeValue::M(mut seen) = seen else { return Err(not_a_row::<I>("no map")) };
    step.saw(row, get_u64(&seen, "epoch").unwrap_or(0));
    match seen.remove("item") {
        Some(AttributeValue::M(attributes)) => decode_item(attributes).map(Some),
        _ => Ok(None),
    }
}

/// The item that a row's own attributes stand for.
pub(super) fn decode_item<I: Item>(attributes: Attributes) -> Result<I, Fault> {
    serde_dynamo::from_item(attributes).map_err(|error: serde_dynamo::Error| not_a_row::<I>(&error.to_string()))
}

fn not_a_row<I: Item>(message: &str) -> Fault {
    Fault::Item { table: I::TABLE, item: std::any::type_name::<I>(), message: message.to_owned() }
}

/// The attributes that an item is stored as.
pub(super) fn encode_item<I: Item>(item: &I) -> Result<Attributes, DataError> {
    serde_dynamo::to_item(item)
        .map_err(|error| DataError::foreign(&format!("a `{}` cannot be stored", std::any::type_name::<I>()), error))
}
