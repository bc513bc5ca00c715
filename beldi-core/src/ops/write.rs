//! Writing rows: put, update, delete, each also on a condition.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use serde::Serialize;
use serde_dynamo::AttributeValue;

use super::Operation;
use super::read::{decode_item, encode_item};
use crate::attempt::{Outcome, Step, What};
use crate::attributes::{canonical, key_text, size_of_all};
use crate::condition::Condition;
use crate::daal::{Action, EntryKey, MAX_ITEM_BYTES, RowChange, RowKey, RowWriter, Written, row_name, user_attributes};
use crate::data::DataError;
use crate::environment::journal_table;
use crate::error::Fault;
use crate::item::{Field, Item, key_attributes};
use crate::key::{ItemKey, KeyError};
use crate::service::Service;
use crate::storable;
use crate::store::{Attributes, StoreError};
use crate::txn::Patience;

/// A write of one row: what `.when(..)` makes conditional.
pub trait RowWrite: Send + Sized {
    /// The item whose table is written.
    type Item: Item;

    /// The change as the protocol knows it.
    #[doc(hidden)]
    fn into_parts(self) -> Result<WriteParts, Fault>;
}

/// The change that a write makes, not yet conditional.
#[doc(hidden)]
pub struct WriteParts {
    kind: &'static str,
    key: Attributes,
    actions: Vec<Action>,
    deletes: bool,
}

/// Writes one whole row: see [`Item::put`].
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Put<I> {
    attributes: Result<Attributes, DataError>,
    item: PhantomData<fn() -> I>,
}

/// Changes attributes of a row in place: see [`Item::update`].
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Update<I> {
    key: Result<ItemKey, KeyError>,
    actions: Result<Vec<Action>, DataError>,
    item: PhantomData<fn() -> I>,
}

/// Removes a row: see [`Item::delete`].
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Delete<I> {
    key: Result<ItemKey, KeyError>,
    item: PhantomData<fn() -> I>,
}

/// A write that takes place only where a condition holds; gives `Err` with the current item otherwise.
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct When<W: RowWrite> {
    write: W,
    condition: Condition<W::Item>,
}

/// The condition of a write did not hold, and nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the condition of the write did not hold")]
pub struct Conflict<I> {
    /// The row, `None` where there was none: as it was when the condition was evaluated, or, if the attempt that
    /// saw that died before it was journaled, as the next attempt found it.
    pub current: Option<I>,
}

/// A type whose values are DynamoDB numbers that can be added.
#[diagnostic::on_unimplemented(message = "`{Self}` is no number, so nothing can be added to it in place")]
pub trait Numeric: Serialize {}

macro_rules! numeric {
    ($($number:ty)*) => { $(impl Numeric for $number {})* };
}

numeric!(u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);

impl<I: Item> Put<I> {
    pub(crate) fn new(item: &I) -> Self {
        Self { attributes: encode_item(item), item: PhantomData }
    }

    /// Writes only where the condition holds.
    pub fn when(self, condition: Condition<I>) -> When<Self> {
        When { write: self, condition }
    }
}

impl<I: Item> Update<I> {
    pub(crate) fn new(key: Result<ItemKey, KeyError>) -> Self {
        Self { key, actions: Ok(Vec::new()), item: PhantomData }
    }

    /// Sets an attribute.
    pub fn set<T: Serialize>(self, field: Field<I, T>, value: impl Into<T>) -> Self {
        let value = field.value(&value.into());
        self.with(value.map(|value| Action::Set(field.name.to_owned(), value)))
    }

    /// Sets an attribute that the row does not have.
    pub fn set_if_not_exists<T: Serialize>(self, field: Field<I, T>, value: impl Into<T>) -> Self {
        let value = field.value(&value.into());
        self.with(value.map(|value| Action::SetIfNotExists(field.name.to_owned(), value)))
    }

    /// Adds to a number; an attribute that the row does not have counts as 0. Add a negative number to
    /// subtract.
    #[expect(clippy::needless_pass_by_value, reason = "numbers are small")]
    pub fn add<T: Numeric>(self, field: Field<I, T>, amount: impl Numeric) -> Self {
        let value = field.value(&amount);
        self.with(value.map(|value| Action::Add(field.name.to_owned(), value)))
    }

    /// Appends to a list; a list that the row does not have counts as empty.
    pub fn append<T: Serialize>(self, field: Field<I, Vec<T>>, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<T> = values.into_iter().collect();
        let values = field.value(&values);
        self.with(values.map(|values| Action::Append(field.name.to_owned(), values)))
    }

    /// Removes an attribute that need not be there.
    pub fn remove<T>(self, field: Field<I, Option<T>>) -> Self {
        self.with(Ok(Action::Remove(field.name.to_owned())))
    }

    /// Changes only where the condition holds.
    pub fn when(self, condition: Condition<I>) -> When<Self> {
        When { write: self, condition }
    }

    fn with(mut self, action: Result<Action, DataError>) -> Self {
        self.actions = self.actions.and_then(|mut actions| {
            actions.push(action?);
            Ok(actions)
        });
        self
    }
}

impl<I: Item> Delete<I> {
    pub(crate) fn new(key: Result<ItemKey, KeyError>) -> Self {
        Self { key, item: PhantomData }
    }

    /// Removes only where the condition holds.
    pub fn when(self, condition: Condition<I>) -> When<Self> {
        When { write: self, condition }
    }
}

impl<I: Item> RowWrite for Put<I> {
    type Item = I;

    fn into_parts(self) -> Result<WriteParts, Fault> {
        let mut attributes = self.attributes?;
        let mut key = Attributes::new();
        for name in [Some(I::SCHEMA.partition_key), I::SCHEMA.sort_key].into_iter().flatten() {
            let value = attributes.remove(name).unwrap_or(AttributeValue::Null(true));
            let mut value = crate::key::check(value, std::any::type_name::<I>())?;
            if I::SCHEMA.sort_key == Some(name) {
                value = crate::key::check_sort(value)?;
            }
            key.insert(name.to_owned(), value);
        }
        let removed = removed::<I>(|name| !key.contains_key(name) && !attributes.contains_key(name));
        let mut set: Vec<_> = attributes.into_iter().collect();
        set.sort_by(|(one, _), (other, _)| one.cmp(other));
        let set = set.into_iter().map(|(name, value)| Action::Set(name, value));
        Ok(WriteParts { kind: "put", key, actions: set.chain(removed).collect(), deletes: false })
    }
}

impl<I: Item> RowWrite for Update<I> {
    type Item = I;

    fn into_parts(self) -> Result<WriteParts, Fault> {
        let key = key_attributes::<I>(self.key?);
        Ok(WriteParts { kind: "update", key, actions: self.actions?, deletes: false })
    }
}

impl<I: Item> RowWrite for Delete<I> {
    type Item = I;

    fn into_parts(self) -> Result<WriteParts, Fault> {
        let key = key_attributes::<I>(self.key?);
        let actions = removed::<I>(|name| !key.contains_key(name));
        Ok(WriteParts { kind: "delete", key, actions, deletes: true })
    }
}

/// Removals of those attributes of the type that are `gone`.
fn removed<I: Item>(gone: impl Fn(&str) -> bool) -> Vec<Action> {
    let gone = I::SCHEMA.attributes.iter().filter(|name| gone(name));
    gone.map(|name| Action::Remove((*name).to_owned())).collect()
}

macro_rules! unconditional {
    ($($write:ident)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<I: Item> Operation for $write<I> {
            type Output = ();
            type Owner = I::Service;

            async fn perform(self, step: Step) -> Result<(), Fault> {
                write_row::<I>(&step, self.into_parts()?, None).await.map(drop)
            }
        }
    )* };
}

unconditional!(Put Update Delete);

#[diagnostic::do_not_recommend]
impl<W: RowWrite> Operation for When<W> {
    type Output = Result<(), Conflict<W::Item>>;
    type Owner = <W::Item as Item>::Service;

    async fn perform(self, step: Step) -> Result<Self::Output, Fault> {
        let condition = self.condition.expression?;
        match write_row::<W::Item>(&step, self.write.into_parts()?, Some(condition)).await? {
            AttributeValue::Bool(true) => Ok(Ok(())),
            AttributeValue::M(attributes) => Ok(Err(Conflict { current: Some(decode_item(attributes)?) })),
            _ => Ok(Err(Conflict { current: None })),
        }
    }
}

/// Writes a row as one effect. Gives `true`, or the current item where the condition did not hold.
async fn write_row<I: Item>(
    step: &Step,
    parts: WriteParts,
    condition: Option<crate::condition::Expression>,
) -> Result<AttributeValue, Fault> {
    let what = describe::<I>(&parts, condition.as_ref());
    let WriteParts { key, mut actions, deletes, .. } = parts;
    let tables: Vec<_> = step.environment().registry.tables().filter(|entry| entry.table == I::TABLE).collect();
    if deletes {
        // A row that several types share is gone for all of them.
        let others = tables.iter().flat_map(|entry| entry.schema.attributes).copied().collect::<BTreeSet<_>>();
        let others = others.into_iter().filter(|name| !key.contains_key(*name) && !I::SCHEMA.attributes.contains(name));
        actions.extend(others.map(|name| Action::Remove(name.to_owned())));
    }
    let row = row_name(I::TABLE, &key);
    let (table, journal) = (I::TABLE.to_owned(), journal_table(<I::Service as Service>::NAME));
    let change = RowChange { table, journal, key, actions, condition, deletes };
    check_size(&change)?;
    let indexes: Vec<_> = tables.iter().flat_map(|entry| entry.indexes).collect();
    let keys: Vec<_> = [Some(I::SCHEMA.partition_key), I::SCHEMA.sort_key].into_iter().flatten().collect();
    storable::check(I::TABLE, &keys, &indexes, &change.actions)?;
    if let Some(transaction) = step.cx().transaction() {
        let RowChange { table, key, actions, condition, deletes, .. } = change;
        return transaction.write(step, what, (&table, &key), (actions, deletes), condition.as_ref()).await;
    }
    let (table, key) = (change.table.clone(), change.key.clone());
    let written = step.effect(what, async {
        // The start is read after the flush: only then is it the same in all attempts.
        let start_s = u32::try_from(step.journal().start_ms() / 1000).unwrap_or(u32::MAX);
        let entry = EntryKey { instance: step.journal().identity().instance, start_s, step: step.path().clone() };
        let mut patience = Patience::new(step.journal());
        let name = format!("{} {}", change.table, key_text(&change.key));
        let mut witness = step.witness(&row);
        loop {
            // Another branch may lock the row while this one waits.
            let own_lock = step.journal().guards().own_lock(step.journal());
            let writer = RowWriter { environment: step.environment(), change: &change, entry: entry.clone(), own_lock };
            return Ok(match writer.write(witness).await? {
                Written::Changed => Outcome::Witnessed(AttributeValue::Bool(true)),
                Written::Refused(row) => Outcome::Observed(match user_attributes(row) {
                    Some(attributes) => AttributeValue::M(attributes),
                    None => AttributeValue::Null(true),
                }),
                Written::Locked(busy) => {
                    witness = Some(busy.epoch);
                    patience.wait(step.environment(), &name, &busy.holders).await?;
                    continue;
                }
            });
        }
    });
    let written = written.await?;
    // Live and in replay alike, so that whichever attempt marks the instance as done knows.
    if (deletes && written == AttributeValue::Bool(true)) || written == AttributeValue::Null(true) {
        step.journal().leaves([RowKey { table, key }]);
    }
    Ok(written)
}

fn describe<I: Item>(parts: &WriteParts, condition: Option<&crate::condition::Expression>) -> What {
    let mut content = Vec::new();
    for action in &parts.actions {
        let (tag, name, value) = match action {
            Action::Set(name, value) => (1, name, Some(value)),
            Action::SetIfNotExists(name, value) => (2, name, Some(value)),
            Action::Append(name, value) => (3, name, Some(value)),
            Action::Add(name, value) => (4, name, Some(value)),
            Action::Remove(name) => (5, name, None),
        };
        content.push(tag);
        canonical(&AttributeValue::S(name.clone()), &mut content);
        canonical(value.unwrap_or(&AttributeValue::Null(true)), &mut content);
    }
    if let Some(condition) = condition {
        let mut placeholders = crate::store::Placeholders::default();
        content.extend_from_slice(condition.render(&mut placeholders).as_bytes());
        placeholders.names().for_each(|(_, name)| content.extend_from_slice(name.as_bytes()));
        placeholders.values().for_each(|(_, value)| canonical(value, &mut content));
    }
    What::new(parts.kind, I::TABLE, key_text(&parts.key), &content)
}

/// Refuses what cannot fit before anything is journaled or written.
fn check_size(change: &RowChange) -> Result<(), Fault> {
    let values = change.actions.iter().filter_map(|action| match action {
        Action::Set(name, value) | Action::SetIfNotExists(name, value) | Action::Append(name, value) => {
            Some(name.len() + crate::attributes::size_of(value))
        }
        Action::Add(..) | Action::Remove(_) => None,
    });
    if size_of_all(&change.key) + values.sum::<usize>() > MAX_ITEM_BYTES {
        return Err(Fault::Unstorable(StoreError::ItemTooLarge { table: change.table.clone() }));
    }
    Ok(())
}
