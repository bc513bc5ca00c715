//! A store in memory that is fast enough for a million instances.
//!
//! It answers as DynamoDB does to the requests that the protocol sends; a test compares it with the embedded engine,
//! request by request. A request takes place at once and entirely. Its indexes are eventually consistent: they show what
//! a table was some time ago. It does not limit the size of items.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use beldi::store::{
    Attributes, Request, Response, ReturnValues, Store, StoreError, StoreFuture, TableSchema, TransactWrite,
    UpdateItem, WriteItem,
};
use tokio::time::Instant;

use super::expressions::{Malformed, holds};
use super::tables::{Item, Key, Table, key_of};
use super::update::updated;

/// The store.
#[derive(Debug)]
pub(crate) struct MemoryStore {
    tables: Mutex<HashMap<String, Table>>,
    start: Instant,
    lag: Duration,
}

type Answer = Result<Response, StoreError>;

impl MemoryStore {
    /// An empty store whose indexes lag behind its tables.
    pub(crate) fn new(lag: Duration) -> Self {
        Self { tables: Mutex::default(), start: Instant::now(), lag }
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<String, Table>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Executes a request at once.
    pub(crate) fn call(&self, request: Request) -> Answer {
        let mut tables = self.tables();
        let now = self.start.elapsed();
        match request {
            Request::CreateTable(request) => create(&mut tables, request.schema),
            Request::DescribeTable(request) => {
                Ok(Response::Table(tables.get(&request.table).map(|table| table.schema.clone())))
            }
            Request::TransactWrite(request) => self.transact(&mut tables, &request),
            request => {
                let name = request.table().to_owned();
                let missing = || StoreError::TableNotFound { table: name.clone(), message: "there is none".to_owned() };
                let table = tables.get_mut(&name).ok_or_else(missing)?;
                self.of_table(table, request, now)
            }
        }
    }

    fn of_table(&self, table: &mut Table, request: Request, now: Duration) -> Answer {
        match request {
            Request::Get(request) => {
                let key = key_of(&table.schema.key, &request.key);
                Ok(Response::Item(table.items.get(&key).map(|item| Attributes::clone(item))))
            }
            Request::Put(request) => self.write(table, &WriteItem::Put(request)).map(|_| Response::Done),
            Request::Delete(request) => self.write(table, &WriteItem::Delete(request)).map(|_| Response::Done),
            Request::Update(request) => {
                let wanted = request.return_values;
                let (old, new) = self.write(table, &WriteItem::Update(request))?;
                Ok(Response::Item(match wanted {
                    ReturnValues::None => None,
                    ReturnValues::AllOld => old.map(|old| Attributes::clone(&old)),
                    ReturnValues::AllNew => new.map(|new| Attributes::clone(&new)),
                }))
            }
            Request::Query(request) => {
                table.query(&request, now).map(Response::Page).map_err(|error| table.invalid(error))
            }
            Request::Scan(request) => table.scan(&request).map(Response::Page).map_err(|error| table.invalid(error)),
            Request::BatchGet(request) => {
                let found = request.keys.iter().filter_map(|key| table.items.get(&key_of(&table.schema.key, key)));
                let items = found.map(|item| Attributes::clone(item)).collect();
                Ok(Response::Batch { items, unprocessed: Vec::new() })
            }
            request => Err(table.invalid(format!("{} is not for one table", request.operation()))),
        }
    }

    /// Writes one item. Gives it as it was and as it is.
    fn write(&self, table: &mut Table, write: &WriteItem) -> Result<(Item, Item), StoreError> {
        let (key, new) = prepared(table, write)?;
        let new = new.map(Arc::new);
        let visible = self.start.elapsed() + self.lag;
        Ok((table.replace(&key, new.as_ref(), visible), new))
    }

    fn transact(&self, tables: &mut HashMap<String, Table>, request: &TransactWrite) -> Answer {
        let mut reasons = Vec::new();
        let mut changes = Vec::new();
        for write in &request.writes {
            let name = write.table().to_owned();
            let missing = || StoreError::TableNotFound { table: name.clone(), message: "there is none".to_owned() };
            let table = tables.get(&name).ok_or_else(missing)?;
            match prepared(table, write) {
                Ok((key, new)) => {
                    reasons.push(None);
                    changes.push((name, key, new));
                }
                Err(StoreError::ConditionFailed { .. }) => reasons.push(Some("ConditionalCheckFailed".to_owned())),
                Err(error) => return Err(error),
            }
        }
        if reasons.iter().any(Option::is_some) {
            return Err(StoreError::TransactionCancelled { reasons });
        }
        let visible = self.start.elapsed() + self.lag;
        for (name, key, new) in changes {
            let table = tables.get_mut(&name).expect("it was found before");
            table.replace(&key, new.map(Arc::new).as_ref(), visible);
        }
        Ok(Response::Done)
    }

    /// Looks at all items of a table as they are now.
    pub(crate) fn look(&self, table: &str, mut look: impl FnMut(&Attributes)) {
        if let Some(table) = self.tables().get(table) {
            table.items.values().for_each(|item| look(item));
        }
    }

    /// The names of all tables.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.tables().keys().cloned().collect();
        names.sort_unstable();
        names
    }
}

/// What a write makes of an item, if its condition holds.
fn prepared(table: &Table, write: &WriteItem) -> Result<(Key, Option<Attributes>), StoreError> {
    let (key, condition, placeholders) = match write {
        WriteItem::Put(request) => (&request.item, &request.condition, &request.placeholders),
        WriteItem::Update(request) => (&request.key, &request.condition, &request.placeholders),
        WriteItem::Delete(request) => (&request.key, &request.condition, &request.placeholders),
    };
    let key = key_of(&table.schema.key, key);
    let old = table.items.get(&key);
    let old = old.map(|old| &**old);
    let malformed = |error: Malformed| table.invalid(error);
    let held = match condition {
        Some(condition) => holds(condition, placeholders, old).map_err(malformed)?,
        None => true,
    };
    if !held {
        return Err(StoreError::ConditionFailed { item: old.cloned() });
    }
    let new = match write {
        WriteItem::Put(request) => Some(request.item.clone()),
        WriteItem::Update(UpdateItem { update, placeholders, key, .. }) => {
            Some(updated(update, placeholders, old, key).map_err(malformed)?)
        }
        WriteItem::Delete(_) => None,
    };
    Ok((key, new))
}

fn create(tables: &mut HashMap<String, Table>, schema: TableSchema) -> Answer {
    if tables.contains_key(&schema.name) {
        return Err(StoreError::TableExists { table: schema.name });
    }
    tables.insert(schema.name.clone(), Table::new(schema));
    Ok(Response::Done)
}

impl Store for MemoryStore {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(std::future::ready(self.call(request)))
    }

    fn expires_items(&self) -> bool {
        false
    }
}
