//! Tables in memory, and their indexes.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use beldi::store::{AttributeValue, Attributes, KeySchema, Page, QueryItems, ScanItems, StoreError, TableSchema};

use super::expressions::{Expression, Malformed, holds};

/// The value of one attribute of a key, in DynamoDB's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scalar {
    None,
    Number(i128),
    Text(String),
    Bytes(Vec<u8>),
    /// After all others.
    End,
}

/// The key of an item.
pub(crate) type Key = (Scalar, Scalar);

/// Where an item stands in an index.
type Place = (Scalar, Scalar, Key);

/// An item, if there is one.
pub(crate) type Item = Option<Arc<Attributes>>;

/// What becomes visible in an index at some time: a place is given up, and one is taken.
type Change = (Duration, Option<Place>, Option<(Place, Arc<Attributes>)>);

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(super) schema: TableSchema,
    pub(super) items: BTreeMap<Key, Arc<Attributes>>,
    indexes: Vec<Index>,
}

#[derive(Debug, Default)]
struct Index {
    shown: BTreeMap<Place, Arc<Attributes>>,
    /// What is not visible yet.
    coming: VecDeque<Change>,
}

fn scalar(value: Option<&AttributeValue>) -> Option<Scalar> {
    match value? {
        AttributeValue::S(text) => Some(Scalar::Text(text.clone())),
        AttributeValue::B(bytes) => Some(Scalar::Bytes(bytes.clone())),
        AttributeValue::N(number) => Some(Scalar::Number(number.parse().expect("keys here are whole numbers"))),
        _ => None,
    }
}

/// The key of an item, or of attributes that name it.
pub(crate) fn key_of(schema: &KeySchema, item: &Attributes) -> Key {
    let part = |name: &str| scalar(item.get(name)).unwrap_or(Scalar::None);
    (part(&schema.partition.name), schema.sort.as_ref().map_or(Scalar::None, |sort| part(&sort.name)))
}

impl Table {
    pub(super) fn new(schema: TableSchema) -> Self {
        let indexes = schema.indexes.iter().map(|_| Index::default()).collect();
        Self { schema, items: BTreeMap::new(), indexes }
    }

    pub(super) fn invalid(&self, message: Malformed) -> StoreError {
        StoreError::Invalid { table: self.schema.name.clone(), message }
    }

    /// Puts an item in the place of another, or removes it. Indexes show it later.
    pub(super) fn replace(&mut self, key: &Key, new: Option<&Arc<Attributes>>, visible: Duration) -> Item {
        let old = match new {
            Some(new) => self.items.insert(key.clone(), Arc::clone(new)),
            None => self.items.remove(key),
        };
        for (index, schema) in self.indexes.iter_mut().zip(&self.schema.indexes) {
            let gone = old.as_ref().and_then(|old| place(&schema.key, old, key));
            let taken = new.and_then(|new| Some((place(&schema.key, new, key)?, Arc::clone(new))));
            if gone.is_some() || taken.is_some() {
                index.coming.push_back((visible, gone, taken));
            }
        }
        old
    }

    pub(super) fn query(&mut self, request: &QueryItems, now: Duration) -> Result<Page, Malformed> {
        match &request.index {
            None => self.query_items(request),
            Some(name) => {
                let position = self.schema.indexes.iter().position(|index| index.name == *name);
                let position = position.ok_or_else(|| format!("there is no index `{name}`"))?;
                self.indexes[position].catch_up(now);
                self.query_index(request, position)
            }
        }
    }

    fn query_items(&self, request: &QueryItems) -> Result<Page, Malformed> {
        let Admitted { partition, low, high } = Admitted::by(request)?;
        let mut bounds = (Bound::Included((partition.clone(), low)), high.map(|high| (partition, high)));
        if let Some(start) = &request.start {
            let side = if request.forward { &mut bounds.0 } else { &mut bounds.1 };
            *side = Bound::Excluded(key_of(&self.schema.key, start));
        }
        let key = |item: &Attributes| only(item, self.schema.key.attributes().map(|attribute| &*attribute.name));
        let items = self.items.range(bounds).map(|(_, item)| item);
        if request.forward { page(request, items, key) } else { page(request, items.rev(), key) }
    }

    fn query_index(&self, request: &QueryItems, position: usize) -> Result<Page, Malformed> {
        let (index, schema) = (&self.indexes[position], &self.schema.indexes[position]);
        let Admitted { partition, low, high } = Admitted::by(request)?;
        if !request.forward {
            return Err("indexes are only read forwards here".to_owned());
        }
        let start =
            request.start.as_ref().and_then(|start| place(&schema.key, start, &key_of(&self.schema.key, start)));
        let before = |sort| (partition.clone(), sort, (Scalar::None, Scalar::None));
        let behind = |sort| (partition.clone(), sort, (Scalar::End, Scalar::End));
        let from = start.map_or(Bound::Included(before(low)), Bound::Excluded);
        let to = match high {
            Bound::Excluded(high) => before(high),
            Bound::Included(high) => behind(high),
            Bound::Unbounded => behind(Scalar::End),
        };
        let items = index.shown.range((from, Bound::Excluded(to))).map(|(_, item)| item);
        let names = || schema.key.attributes().chain(self.schema.key.attributes());
        page(request, items, |item| only(item, names().map(|attribute| &*attribute.name)))
    }

    pub(super) fn scan(&self, request: &ScanItems) -> Result<Page, Malformed> {
        let start = request.start.as_ref().map(|start| key_of(&self.schema.key, start));
        let from = start.map_or(Bound::Unbounded, Bound::Excluded);
        let limit = request.limit.map_or(usize::MAX, |limit| limit as usize);
        let mut result = Page::default();
        for (number, (_, item)) in self.items.range((from, Bound::Unbounded)).enumerate() {
            let shown = match &request.filter {
                Some(filter) => holds(filter, &request.placeholders, Some(item))?,
                None => true,
            };
            if shown {
                result.items.push(Attributes::clone(item));
            }
            if number + 1 == limit {
                result.next = Some(only(item, self.schema.key.attributes().map(|attribute| &*attribute.name)));
                break;
            }
        }
        Ok(result)
    }
}

impl Index {
    fn catch_up(&mut self, now: Duration) {
        while self.coming.front().is_some_and(|(visible, ..)| *visible <= now) {
            let Some((_, gone, taken)) = self.coming.pop_front() else { return };
            gone.map(|place| self.shown.remove(&place));
            taken.map(|(place, item)| self.shown.insert(place, item));
        }
    }
}

/// Where an item stands in an index; nowhere without the index's attributes.
fn place(schema: &KeySchema, item: &Attributes, key: &Key) -> Option<Place> {
    let sort = match &schema.sort {
        Some(sort) => scalar(item.get(&sort.name))?,
        None => Scalar::None,
    };
    Some((scalar(item.get(&schema.partition.name))?, sort, key.clone()))
}

/// What a key condition admits: a partition, and sort keys of it from the first one on.
struct Admitted {
    partition: Scalar,
    low: Scalar,
    high: Bound<Scalar>,
}

impl Admitted {
    /// Reads the conditions that the protocol and the applications send.
    fn by(request: &QueryItems) -> Result<Self, Malformed> {
        let mut condition = Expression::new(&request.key_condition, &request.placeholders, None);
        let value = |condition: &mut Expression<'_>| {
            let value = condition.operand()?;
            scalar(value.as_deref()).ok_or_else(|| "a key of another type".to_owned())
        };
        condition.name()?;
        condition.expect("=")?;
        let partition = value(&mut condition)?;
        let (mut low, mut high) = (Scalar::None, Bound::Included(Scalar::End));
        if !condition.is_at_end() {
            condition.expect("AND")?;
            condition.name()?;
            match condition.token() {
                "<" => high = Bound::Excluded(value(&mut condition)?),
                "<=" => high = Bound::Included(value(&mut condition)?),
                "BETWEEN" => {
                    low = value(&mut condition)?;
                    condition.expect("AND")?;
                    high = Bound::Included(value(&mut condition)?);
                }
                other => return Err(format!("`{other}` of a sort key is not known here")),
            }
        }
        if condition.is_at_end() { Ok(Self { partition, low, high }) } else { Err(request.key_condition.clone()) }
    }
}

fn page<'a>(
    request: &QueryItems,
    items: impl Iterator<Item = &'a Arc<Attributes>>,
    key: impl Fn(&Attributes) -> Attributes,
) -> Result<Page, Malformed> {
    let limit = request.limit.map_or(usize::MAX, |limit| limit as usize);
    let (mut result, mut number) = (Page::default(), 0);
    for item in items {
        number += 1;
        let shown = match &request.filter {
            Some(filter) => holds(filter, &request.placeholders, Some(item))?,
            None => true,
        };
        if shown {
            result.items.push(Attributes::clone(item));
        }
        if number == limit {
            result.next = Some(key(item));
            break;
        }
    }
    Ok(result)
}

fn only<'a>(item: &Attributes, names: impl Iterator<Item = &'a str>) -> Attributes {
    names.filter_map(|name| Some((name.to_owned(), item.get(name)?.clone()))).collect()
}
