//! What lies in the tables: instances that are not done, locks, garbage.

use std::collections::BTreeMap;

use beldi::store::{AttributeValue, Attributes};

use super::memory::MemoryStore;

/// What the attributes begin with that a transaction or a guard leaves in a row as long as it holds it.
const LOCKS: [&str; 2] = ["_beldi_lock", "_beldi_holds"];

/// The mark of a tombstone.
const DELETED: &str = "_beldi_deleted";

fn journals(store: &MemoryStore) -> Vec<String> {
    store.names().into_iter().filter(|name| name.ends_with("-journal")).collect()
}

fn text<'a>(item: &'a Attributes, name: &str) -> &'a str {
    match item.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text,
        _ => "",
    }
}

/// Instances that have begun and are not done.
pub(crate) fn unfinished(store: &MemoryStore) -> Vec<String> {
    let mut unfinished = Vec::new();
    for journal in journals(store) {
        store.look(&journal, |record| {
            if record.contains_key("function") && !record.contains_key("done") {
                let (instance, function) = (text(record, "instance"), text(record, "function"));
                let error = text(record, "error");
                unfinished.push(format!("{journal}: {instance} of {function} is {}: {error}", text(record, "shard")));
            }
        });
    }
    unfinished
}

/// Rows that somebody still holds.
pub(crate) fn locked(store: &MemoryStore) -> (usize, Vec<String>) {
    let (mut rows, mut locked) = (0, Vec::new());
    for table in store.names().into_iter().filter(|name| !name.ends_with("-journal")) {
        store.look(&table, |row| {
            rows += 1;
            if row.keys().any(|name| LOCKS.iter().any(|prefix| name.starts_with(prefix))) {
                locked.push(format!("{table}: {row:?}"));
            }
        });
    }
    (rows, locked)
}

/// What is left in journals that is not their watermark, and tombstones in tables, by table and kind.
pub(crate) fn garbage(store: &MemoryStore) -> Vec<String> {
    let mut left: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for table in store.names() {
        let is_journal = table.ends_with("-journal");
        store.look(&table, |item| {
            let kind = match (is_journal, text(item, "instance")) {
                (true, "watermark") => return,
                (true, _) if item.contains_key("function") => "record 0",
                (true, _) => "another record",
                (false, _) if item.contains_key(DELETED) => "a tombstone",
                (false, _) => return,
            };
            let left = left.entry(format!("{table}: {kind}")).or_insert_with(|| (0, format!("{item:?}")));
            left.0 += 1;
        });
    }
    left.into_iter().map(|(what, (times, first))| format!("{what}, {times} times; the first is {first}")).collect()
}
