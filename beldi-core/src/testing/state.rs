//! What is left in the tables after a run, without the protocol's own attributes.

use std::collections::{BTreeMap, BTreeSet};

use crate::attributes::get_string;
use crate::daal::user_attributes;
use crate::environment::{Environment, journal_table};
use crate::host::LocalHost;
use crate::store::{Attributes, Placeholders, ScanItems, StoreError};

/// What the attributes begin with that a lock adds to a row.
const LOCK_PREFIXES: [&str; 2] = ["_beldi_lock", "_beldi_holds"];

/// The users' rows of all tables, as sorted JSON.
pub(super) type Tables = BTreeMap<String, Vec<String>>;

/// The rows of all tables that items declare, without tombstones and without `ignored` attributes.
pub(super) async fn tables(
    environment: &Environment,
    ignored: &BTreeSet<String>,
    aliases: &[String],
) -> Result<Tables, StoreError> {
    let mut tables = Tables::new();
    let names: BTreeSet<_> = environment.registry.tables().map(|entry| entry.table).collect();
    for name in names {
        let rows = scan(environment, name).await?.into_iter().filter_map(|item| user_attributes(Some(item)));
        let mut rows: Vec<_> = rows.map(|row| replace(to_json(row, ignored), aliases)).collect();
        rows.sort_unstable();
        tables.insert(name.to_owned(), rows);
    }
    Ok(tables)
}

/// Instances that are neither done nor were ever begun: none after everything has settled.
pub(super) async fn unfinished(environment: &Environment) -> Result<Vec<String>, StoreError> {
    let mut unfinished = Vec::new();
    for service in environment.registry.services() {
        for record in scan(environment, &journal_table(service)).await? {
            let is_intent = record.contains_key("function");
            if is_intent && !record.contains_key("done") {
                let name = get_string(&record, "function").unwrap_or_default();
                let error = get_string(&record, "error").unwrap_or("no error noted");
                unfinished.push(format!("{service}/{name}: {error}"));
            }
        }
    }
    Ok(unfinished)
}

/// The rows of all tables that a transaction or a guard still holds, as they are in the store: none after
/// everything has settled.
///
/// # Errors
///
/// The store failed.
pub async fn locked_rows(host: &LocalHost) -> Result<Vec<String>, StoreError> {
    let environment = host.environment();
    let mut locked = Vec::new();
    let names: BTreeSet<_> = environment.registry.tables().map(|entry| entry.table).collect();
    for name in names {
        let rows = scan(&environment, name).await?.into_iter();
        let is_lock = |name: &String| LOCK_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        locked.extend(rows.filter(|row| row.keys().any(is_lock)).map(|row| format!("{name}: {row:?}")));
    }
    Ok(locked)
}

pub(super) async fn scan(environment: &Environment, table: &str) -> Result<Vec<Attributes>, StoreError> {
    let mut items = Vec::new();
    let (filter, placeholders, limit) = (None, Placeholders::default(), None);
    let mut scan = ScanItems { table: table.to_owned(), filter, placeholders, limit, start: None, consistent: true };
    loop {
        let page = environment.store.scan(scan.clone()).await?;
        items.extend(page.items);
        match page.next {
            Some(next) => scan.start = Some(next),
            None => return Ok(items),
        }
    }
}

fn to_json(mut row: Attributes, ignored: &BTreeSet<String>) -> String {
    row.retain(|name, _| !ignored.contains(name));
    let json: Result<serde_json::Value, _> = serde_dynamo::from_item(row.clone());
    json.map_or_else(|_| format!("{row:?}"), |json| json.to_string())
}

/// Replaces each alias by its place in the list.
pub(super) fn replace(text: String, aliases: &[String]) -> String {
    aliases.iter().enumerate().fold(text, |text, (place, alias)| text.replace(alias, &format!("alias {place}")))
}

/// Removes members called like an ignored attribute from a result.
pub(super) fn strip(value: &mut serde_json::Value, ignored: &BTreeSet<String>) {
    match value {
        serde_json::Value::Object(members) => {
            members.retain(|name, _| !ignored.contains(name));
            members.values_mut().for_each(|member| strip(member, ignored));
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(|value| strip(value, ignored)),
        _ => {}
    }
}
