//! Items: the rows of a user's own tables, in native DynamoDB attributes.
//!
//! Invariant: attributes that start with `_beldi_` are the protocol's, all others are the user's. A row
//! with none of ours is an item that beldi has not written yet, so a service can adopt a table that
//! exists (protocol, section 1).

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::key::{IntoKey, ItemKey, KeyLayout, KeyTypes, KeyValue, ScalarType};
use crate::ops::{BatchGet, Delete, Get, Put, Query, Scan, Update};
use crate::service::{OwnService, Service};

/// A type whose values are rows of one table of one service. Implemented by `#[derive(Item)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an item of a table",
    note = "add `#[derive(Item)]` and `#[beldi(service = .., table = \"..\")]`"
)]
pub trait Item: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The service that owns the table.
    type Service: OwnService;
    /// `Partition<P>` or `Composite<P, S>`, by the key fields.
    type Key: KeyLayout;
    /// The name of the table.
    const TABLE: &'static str;
    /// The attributes of the item and of its indexes.
    const SCHEMA: ItemSchema;

    /// Reads one row, consistently. Gives `None` where there is no such row.
    fn get(key: impl IntoKey<Self::Key>) -> Get<Self> {
        Get::new(key.into_key())
    }

    /// Reads many rows, consistently, in as few requests as DynamoDB allows (100 rows each). The result
    /// has one place for each key, in the order of the keys.
    fn batch_get<K: IntoKey<Self::Key>>(keys: impl IntoIterator<Item = K>) -> BatchGet<Self> {
        BatchGet::new(keys.into_iter().map(IntoKey::into_key).collect())
    }

    /// Reads the rows of one partition, in the order of the sort key.
    fn query<P>(partition: P) -> Query<Self, <Self::Key as KeyLayout>::Sort>
    where
        P: KeyValue<<Self::Key as KeyLayout>::Partition>,
    {
        Query::table(partition.into_value())
    }

    /// Reads the rows of one partition of an index, in the order of the index's sort key. Indexes are
    /// eventually consistent.
    fn query_index<P, S, V: KeyValue<P>>(index: Index<Self, P, S>, partition: V) -> Query<Self, S> {
        Query::index(index.name, index.partition_key, index.sort_key, partition.into_value())
    }

    /// Reads all rows of the table, a page at a time, in no order.
    fn scan() -> Scan<Self> {
        Scan::new()
    }

    /// Writes this row, whether it exists or not: an effect that happens once. Attributes of the stored
    /// row that the type does not name stay as they are.
    fn put(&self) -> Put<Self> {
        Put::new(self)
    }

    /// Changes some attributes of a row in place: an effect that happens once. As in DynamoDB, a row
    /// that does not exist is created from its key and what is set.
    fn update(key: impl IntoKey<Self::Key>) -> Update<Self> {
        Update::new(key.into_key())
    }

    /// Removes a row: an effect that happens once. Removing a row that does not exist is no error. Attributes of
    /// the stored row that the type does not name stay in its tombstone, and come back with the next put.
    fn delete(key: impl IntoKey<Self::Key>) -> Delete<Self> {
        Delete::new(key.into_key())
    }

    /// The condition that the row exists.
    fn exists() -> crate::condition::Condition<Self> {
        crate::condition::Condition::exists()
    }

    /// The condition that the row does not exist.
    fn absent() -> crate::condition::Condition<Self> {
        crate::condition::Condition::absent()
    }
}

/// What the table of an item looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemSchema {
    /// The attribute of the partition key.
    pub partition_key: &'static str,
    /// The attribute of the sort key, if there is one.
    pub sort_key: Option<&'static str>,
    /// All attributes of the type, keys included, under the names that serde gives them.
    pub attributes: &'static [&'static str],
}

/// An attribute of an item with its Rust type, for conditions and update expressions. `#[derive(Item)]`
/// makes one constant for each field: `Room::FREE` for the field `free`.
pub struct Field<I, T> {
    pub(crate) name: &'static str,
    types: PhantomData<fn() -> (I, T)>,
}

/// A secondary index of an item, `#[beldi(index(name = "by_user", partition_key = user, sort_key = at))]`.
/// `#[derive(Item)]` makes one constant for each: `Review::BY_USER`.
pub struct Index<I, P, S = ()> {
    pub(crate) name: &'static str,
    pub(crate) partition_key: &'static str,
    pub(crate) sort_key: Option<&'static str>,
    types: IndexTypes<I, P, S>,
}

type IndexTypes<I, P, S> = PhantomData<fn() -> (I, P, S)>;

impl<I, T> Field<I, T> {
    /// The field stored as attribute `name`.
    #[doc(hidden)]
    pub const fn new(name: &'static str) -> Self {
        Self { name, types: PhantomData }
    }
}

impl<I, P, S> Index<I, P, S> {
    /// The index called `name` over these attributes.
    #[doc(hidden)]
    pub const fn new(name: &'static str, partition_key: &'static str, sort_key: Option<&'static str>) -> Self {
        Self { name, partition_key, sort_key, types: PhantomData }
    }
}

impl<I, T> Clone for Field<I, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I, T> Copy for Field<I, T> {}

impl<I, P, S> Clone for Index<I, P, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I, P, S> Copy for Index<I, P, S> {}

/// An index of an item as the registry knows it.
#[derive(Debug, Clone, Copy)]
pub struct IndexEntry {
    pub(crate) name: &'static str,
    pub(crate) partition_key: &'static str,
    pub(crate) sort_key: Option<&'static str>,
    pub(crate) key_types: fn() -> KeyTypes,
}

impl IndexEntry {
    /// The entry of an index.
    pub const fn of<I, P: DeserializeOwned, S: DeserializeOwned>(index: Index<I, P, S>) -> Self {
        Self {
            name: index.name,
            partition_key: index.partition_key,
            sort_key: index.sort_key,
            key_types: KeyTypes::of::<P, S>,
        }
    }
}

/// A registered table. Made by `#[derive(Item)]`, collected through `inventory`.
#[derive(Clone, Copy)]
pub struct TableEntry {
    pub(crate) service: &'static str,
    pub(crate) table: &'static str,
    pub(crate) item: &'static str,
    pub(crate) schema: ItemSchema,
    pub(crate) key_types: fn() -> KeyTypes,
    pub(crate) indexes: &'static [IndexEntry],
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl TableEntry {
    /// The entry of item type `I`, called `item`, declared at `file` and `line`.
    pub const fn of<I: Item>(
        item: &'static str,
        indexes: &'static [IndexEntry],
        file: &'static str,
        line: u32,
    ) -> Self {
        Self {
            service: <I::Service as Service>::NAME,
            table: I::TABLE,
            item,
            schema: I::SCHEMA,
            key_types: <I::Key as KeyLayout>::types,
            indexes,
            file,
            line,
        }
    }

    /// Whether these are attributes of a key of the table: their names, and their types.
    pub(crate) fn has_key(&self, key: &crate::store::Attributes) -> bool {
        let (schema, types) = (&self.schema, (self.key_types)());
        let names = std::iter::once(schema.partition_key).chain(schema.sort_key);
        let mut wanted = names.zip([types.partition, types.sort]);
        let has = |name: &str, scalar_type| key.get(name).is_some_and(|value| ScalarType::of(value) == scalar_type);
        key.len() == 1 + usize::from(schema.sort_key.is_some())
            && wanted.all(|(name, scalar_type)| has(name, scalar_type.ok()))
    }
}

inventory::collect!(TableEntry);

/// The key of a row of `I`, as attributes.
pub(crate) fn key_attributes<I: Item>(key: ItemKey) -> crate::store::Attributes {
    let mut attributes = crate::store::Attributes::new();
    attributes.insert(I::SCHEMA.partition_key.to_owned(), key.partition);
    if let (Some(name), Some(value)) = (I::SCHEMA.sort_key, key.sort) {
        attributes.insert(name.to_owned(), value);
    }
    attributes
}
