//! A store with an instance that stopped halfway, which can be brought back to that again and again.

use std::collections::BTreeMap;

use beldi::host::{LocalHost, When};
use beldi::store::{AttributeValue, Attributes, DeleteItem, PutItem, ScanItems, SharedStore, TableSchema, tables};
use beldi::testing::fresh_store;
use beldi::{Client, ClientError, Settings};

use crate::common::{CrashAt, host_on};
use crate::damages::Damaged;
use crate::services::{add, copy, pay_in};

pub(crate) type Item = (String, Attributes);

pub(crate) struct Halfway {
    host: LocalHost,
    store: SharedStore,
    schemas: Vec<TableSchema>,
    before: Vec<Item>,
}

fn settings() -> Settings {
    Settings { max_attempts: 3, call_tries: 1, ..Settings::default() }
}

impl Halfway {
    /// A world in which `function` has stopped at the first request after which its journals are as `wanted`.
    pub(crate) async fn new(function: &'static str, wanted: impl Fn(&[&Attributes]) -> bool) -> Self {
        for number in 1..40 {
            let plan = CrashAt { function, attempts: 1..=1, number, when: When::After };
            let mut world = Self::fresh(settings(), Some(plan)).await;
            world.call(function).await.expect_err("it dies");
            let items = world.items().await;
            let journals = items.iter().filter(|(table, _)| table.ends_with("-journal"));
            let records: Vec<_> = journals.map(|(_, record)| record).collect();
            if wanted(&records) {
                // An attempt that went by the rows instead of the journal would write something else from now on.
                for owner in ["source", "other", "last"] {
                    world.put("accounts", &account(owner, 1_000)).await;
                }
                world.before = world.items().await;
                return world;
            }
        }
        panic!("{function} is never halfway in this way");
    }

    /// A world in which `function` is done.
    pub(crate) async fn done(function: &'static str) -> Self {
        assert_eq!(function, "copy", "the only one that is asked for");
        let mut world = Self::fresh(settings(), None).await;
        let result = world.client().call(copy("source".into(), "copy".into())).idempotency_key("k").await;
        assert_eq!(result.expect("a result"), 60);
        world.settle().await;
        world.before = world.items().await;
        world
    }

    /// A world in which an instance has added, and died, and two others have rolled the log behind it.
    pub(crate) async fn with_segment() -> Self {
        let plan = CrashAt { function: "add", attempts: 1..=1, number: 2, when: When::After };
        let mut world = Self::fresh(Settings { log_entries: 1, ..settings() }, Some(plan)).await;
        for key in ["first", "second", "third"] {
            drop(world.client().call(add("tea".into())).idempotency_key(key).await);
        }
        assert_eq!(world.balance("tea").await, 3);
        world.before = world.items().await;
        world
    }

    async fn fresh(settings: Settings, plan: Option<CrashAt>) -> Self {
        let store = fresh_store().await.expect("a store");
        let host = host_on(store.clone(), settings, plan).await;
        let registry = host.environment().registry;
        let schemas = tables::schemas(registry.tables(), registry.services()).expect("tables that can be");
        let world = Self { host, store, schemas, before: Vec::new() };
        for (owner, balance) in [("source", 10), ("other", 20), ("last", 30), ("ann", 100)] {
            world.put("accounts", &account(owner, balance)).await;
        }
        let drawer = [("name", AttributeValue::S("front".into())), ("cash", AttributeValue::N("50".into()))];
        world.put("drawers", &drawer.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()).await;
        world
    }

    /// Calls the function, always as the same instance.
    pub(crate) async fn call(&self, function: &str) -> Result<(), ClientError> {
        let client = self.client();
        match function {
            "copy" => client.call(copy("source".into(), "copy".into())).idempotency_key("k").await.map(drop),
            _ => client.call(pay_in("ann".into(), 7)).idempotency_key("k").await.map(drop),
        }
    }

    pub(crate) fn client(&self) -> Client {
        self.host.client()
    }

    pub(crate) async fn settle(&self) {
        self.host.settle().await.expect("a settled host");
    }

    /// Everything that was in the store when the instance had stopped.
    pub(crate) fn before(&self) -> &[Item] {
        &self.before
    }

    /// Brings the store back, with the damage. Gives whether the store accepts it.
    pub(crate) async fn damage(&self, damaged: &Damaged) -> bool {
        self.restore(&self.before).await;
        let key = self.key(&damaged.table, &damaged.original);
        let (table, placeholders) = (damaged.table.clone(), Default::default());
        let delete = DeleteItem { table: table.clone(), key, condition: None, placeholders };
        self.store.delete(delete).await.expect("an item less");
        let Some(item) = damaged.item.clone() else { return true };
        self.store.put(PutItem { table, item, condition: None, placeholders: Default::default() }).await.is_ok()
    }

    pub(crate) async fn restore(&self, items: &[Item]) {
        let there = self.items().await;
        let differs = |(table, item): &&Item, others: &[Item]| {
            !others.iter().any(|(other_table, other)| other_table == table && other == item)
        };
        for (table, item) in there.iter().filter(|item| differs(item, items)) {
            let (table, key, placeholders) = (table.clone(), self.key(table, item), Default::default());
            let delete = DeleteItem { table, key, condition: None, placeholders };
            self.store.delete(delete).await.expect("an item less");
        }
        for (table, item) in items.iter().filter(|item| differs(item, &there)) {
            self.put(table, item).await;
        }
    }

    /// The user's rows, by table and key.
    pub(crate) async fn rows(&self) -> BTreeMap<String, Attributes> {
        self.rows_of(&self.items().await)
    }

    pub(crate) fn row_before(&self, key: &str) -> Option<Attributes> {
        self.rows_of(&self.before).remove(key)
    }

    pub(crate) async fn balance(&self, owner: &str) -> u32 {
        let rows = self.rows().await;
        let row = rows.values().find(|row| row.get("owner") == Some(&AttributeValue::S(owner.to_owned())));
        match row.and_then(|row| row.get("balance")) {
            Some(AttributeValue::N(digits)) => digits.parse().expect("a number"),
            other => panic!("{owner} has {other:?}"),
        }
    }

    fn rows_of(&self, items: &[Item]) -> BTreeMap<String, Attributes> {
        let rows =
            items.iter().filter(|(table, row)| !table.ends_with("-journal") && !row.contains_key("_beldi_deleted"));
        rows.map(|(table, row)| {
            let users = row.iter().filter(|(name, _)| !name.starts_with("_beldi_"));
            let key = format!("{table} {:?}", self.key(table, row));
            (key, users.map(|(name, value)| (name.clone(), value.clone())).collect())
        })
        .collect()
    }

    async fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        for TableSchema { name: table, .. } in &self.schemas {
            let (filter, placeholders) = (None, Default::default());
            let scan =
                ScanItems { table: table.clone(), filter, placeholders, limit: None, start: None, consistent: true };
            let page = self.store.scan(scan).await.expect("a page");
            items.extend(page.items.into_iter().map(|item| (table.clone(), item)));
        }
        items
    }

    async fn put(&self, table: &str, item: &Attributes) {
        let (table, item) = (table.to_owned(), item.clone());
        self.store
            .put(PutItem { table, item, condition: None, placeholders: Default::default() })
            .await
            .expect("a row");
    }

    fn key(&self, table: &str, item: &Attributes) -> Attributes {
        let schema = self.schemas.iter().find(|schema| schema.name == table).expect("a table");
        let names = [Some(&schema.key.partition), schema.key.sort.as_ref()];
        names.into_iter().flatten().map(|key| (key.name.clone(), item[&key.name].clone())).collect()
    }
}

fn account(owner: &str, balance: u32) -> Attributes {
    Attributes::from([
        ("owner".to_owned(), AttributeValue::S(owner.to_owned())),
        ("balance".to_owned(), AttributeValue::N(balance.to_string())),
    ])
}
