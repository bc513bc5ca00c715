//! A store, a table on it, and short ways to write requests.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;

use beldi::store::{
    AttributeValue, Attributes, DeleteItem, DynamoDbStore, EmbeddedStore, GetItem, IndexSchema, KeyAttribute,
    Placeholders, PutItem, ReturnValues, ScalarType, SharedStore, StoreError, TableSchema, UpdateItem,
};

/// A store for one test. Everything of it is gone at the end, but for tables of DynamoDB Local, whose
/// names no other test has.
pub(crate) struct Bench {
    pub(crate) store: SharedStore,
    run: u64,
    _directory: Option<Directory>,
}

impl Bench {
    pub(crate) fn in_memory_or_at_the_endpoint() -> Self {
        match std::env::var("BELDI_DYNAMODB_ENDPOINT") {
            Ok(endpoint) => Self::new(Arc::new(DynamoDbStore::at_endpoint(&endpoint)), None),
            Err(_) => Self::new(Arc::new(EmbeddedStore::in_memory().expect("SQLite starts")), None),
        }
    }

    pub(crate) fn on_file() -> Self {
        let directory = Directory::new();
        let store = EmbeddedStore::open(directory.file("store.db")).expect("a new file can be used");
        Self::new(Arc::new(store), Some(directory))
    }

    fn new(store: SharedStore, directory: Option<Directory>) -> Self {
        Self { store, run: unique(), _directory: directory }
    }

    /// A table name that is this test's own.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{name}-{:016x}", self.run)
    }

    /// A new table with the key `id` (S), `at` (N) and the index `by_user` on `user` (S), `at` (N).
    pub(crate) async fn table(&self) -> String {
        let at = || Some(KeyAttribute::new("at", ScalarType::Number));
        let schema = TableSchema::new(self.name("rows"), KeyAttribute::new("id", ScalarType::String), at())
            .with_index(IndexSchema::new("by_user", KeyAttribute::new("user", ScalarType::String), at()));
        let name = schema.name.clone();
        self.store.create_table(schema).await.expect("a new table");
        name
    }

    pub(crate) async fn get(&self, table: &str, key: Attributes) -> Option<Attributes> {
        let request = GetItem { table: table.to_owned(), key, consistent: true };
        self.store.get(request).await.expect("a read")
    }
}

/// A directory that is removed at the end.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("store-{:016x}", unique()));
        std::fs::create_dir_all(&path).expect("the target directory can be written");
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn unique() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

pub(crate) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn n(number: impl Into<i64>) -> AttributeValue {
    AttributeValue::N(number.into().to_string())
}

pub(crate) fn attributes<const N: usize>(named: [(&str, AttributeValue); N]) -> Attributes {
    named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The key of a row of [`Bench::table`].
pub(crate) fn key(id: &str, at: u32) -> Attributes {
    attributes([("id", s(id)), ("at", n(at))])
}

/// An item of [`Bench::table`].
pub(crate) fn item<const N: usize>(id: &str, at: u32, more: [(&str, AttributeValue); N]) -> Attributes {
    let mut item = key(id, at);
    item.extend(attributes(more));
    item
}

pub(crate) fn put(table: &str, item: Attributes) -> PutItem {
    PutItem { table: table.to_owned(), item, condition: None, placeholders: Placeholders::default() }
}

pub(crate) fn delete(table: &str, key: Attributes) -> DeleteItem {
    DeleteItem { table: table.to_owned(), key, condition: None, placeholders: Placeholders::default() }
}

/// An update of `key`. The expressions name attributes as `{name}`, and values as `{:0}`, `{:1}` and so
/// on, which stand for `values`.
pub(crate) fn update<const N: usize>(
    table: &str,
    key: Attributes,
    update: &str,
    condition: Option<&str>,
    values: [AttributeValue; N],
) -> UpdateItem {
    let mut placeholders = Placeholders::default();
    let values: Vec<_> = values.into_iter().map(|value| placeholders.value(value)).collect();
    UpdateItem {
        table: table.to_owned(),
        key,
        update: expression(update, &values, &mut placeholders),
        condition: condition.map(|condition| expression(condition, &values, &mut placeholders)),
        placeholders,
        return_values: ReturnValues::None,
    }
}

pub(crate) fn expression(text: &str, values: &[String], placeholders: &mut Placeholders) -> String {
    let mut parts = text.split(['{', '}']);
    let mut expression = parts.next().unwrap_or_default().to_owned();
    while let (Some(name), Some(rest)) = (parts.next(), parts.next()) {
        match name.strip_prefix(':') {
            Some(position) => expression += &values[position.parse::<usize>().expect("a position")],
            None => expression += &placeholders.name(name),
        }
        expression += rest;
    }
    expression
}

/// The item that a failed condition carries.
pub(crate) async fn failed_condition<T: std::fmt::Debug>(
    request: impl Future<Output = Result<T, StoreError>>,
) -> Option<Attributes> {
    match request.await {
        Err(StoreError::ConditionFailed { item }) => item,
        other => panic!("expected a failed condition, got {other:?}"),
    }
}

/// Asserts that a request fails with a certain error.
macro_rules! assert_error {
    ($request:expr, $error:pat $(if $guard:expr)?) => {
        match $request.await {
            Err($error) $(if $guard)? => {}
            other => panic!("expected {}, got {other:?}", stringify!($error)),
        }
    };
}
pub(crate) use assert_error;
