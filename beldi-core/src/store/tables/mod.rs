//! The tables of a program: what they must look like, and whether they do.
//!
//! Invariant: a host serves requests only after [`check`] (production, where tables are made by the
//! deployment) or [`create_missing`] (local hosts) has succeeded, so a wrong table is one clear error at
//! the start and not a failing step later. Nothing here changes or removes a table that exists.

use std::time::Duration;

use futures_util::future::join_all;

use super::{IndexSchema, Store, StoreError, TableSchema};

mod declared;
mod error;

pub use declared::{
    JOURNAL_DUE, JOURNAL_EXPIRES, JOURNAL_INDEX, JOURNAL_INSTANCE, JOURNAL_RECLAIM, JOURNAL_RECLAIM_FROM,
    JOURNAL_RECLAIM_INDEX, JOURNAL_RECORD, JOURNAL_SHARD,
};
pub use declared::{journal, journal_name, schemas};
pub use error::{TableError, TableErrors};

/// How often, and after which pause, to look for a table that somebody else is creating.
const POLLS: u32 = 120;
const POLL_PAUSE: Duration = Duration::from_millis(250);

/// Creates the tables that do not exist, then does what [`check`] does. Gives the names of the tables
/// that were created. Where one that exists will not do, none is created. Several hosts may do this at once.
///
/// # Errors
///
/// Everything that [`check`] finds, and tables that could not be created.
pub async fn create_missing(store: &dyn Store, schemas: &[TableSchema]) -> Result<Vec<String>, TableErrors> {
    let Err(TableErrors(mut found)) = check(store, schemas).await else { return Ok(Vec::new()) };
    found.retain(|problem| !matches!(problem, TableError::Missing { .. }));
    // An index that is missing may be one that another host is creating.
    if found.iter().any(|problem| !matches!(problem, TableError::IndexMissing { .. })) {
        return Err(TableErrors(found));
    }
    let mut created = Vec::new();
    let mut problems = Vec::new();
    for schema in schemas {
        match create_one(store, schema).await {
            Ok(true) => created.push(schema.name.clone()),
            Ok(false) => {}
            Err(error) => problems.push(TableError::Store { table: schema.name.clone(), error }),
        }
    }
    if !problems.is_empty() {
        return Err(TableErrors(problems));
    }
    check(store, schemas).await.map(|()| created)
}

/// Compares the tables with `schemas`. Further tables and further indexes are nobody's business here.
///
/// # Errors
///
/// Every table that is missing, has another key, lacks an index or has one with another key, and every
/// table that could not be looked at.
pub async fn check(store: &dyn Store, schemas: &[TableSchema]) -> Result<(), TableErrors> {
    let found = join_all(schemas.iter().map(|schema| store.describe_table(&schema.name))).await;
    let mut problems = Vec::new();
    for (expected, found) in schemas.iter().zip(found) {
        match found {
            Ok(Some(found)) => compare(expected, &found, &mut problems),
            Ok(None) => {
                problems.push(TableError::Missing { table: expected.name.clone(), expected: expected.key.clone() });
            }
            Err(error) => problems.push(TableError::Store { table: expected.name.clone(), error }),
        }
    }
    TableErrors::unless_empty(problems)
}

/// Whether the table was created here. True after: it exists, as far as can be waited for.
async fn create_one(store: &dyn Store, schema: &TableSchema) -> Result<bool, StoreError> {
    if store.describe_table(&schema.name).await?.is_some() {
        return Ok(false);
    }
    match store.create_table(schema.clone()).await {
        Ok(()) => Ok(true),
        Err(StoreError::TableExists { .. }) => {
            for _ in 0..POLLS {
                let found = store.describe_table(&schema.name).await?;
                if found.is_some_and(|found| schema.indexes.iter().all(|index| find(&found, index).is_some())) {
                    break;
                }
                tokio::time::sleep(POLL_PAUSE).await;
            }
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn compare(expected: &TableSchema, found: &TableSchema, problems: &mut Vec<TableError>) {
    let table = &expected.name;
    if found.key != expected.key {
        problems.push(TableError::Key {
            table: table.clone(),
            expected: expected.key.clone(),
            found: found.key.clone(),
        });
    }
    for index in &expected.indexes {
        let (table, name, expected) = (table.clone(), index.name.clone(), index.key.clone());
        match find(found, index) {
            None => problems.push(TableError::IndexMissing { table, index: name, expected }),
            Some(other) if other.key != index.key => {
                problems.push(TableError::IndexKey { table, index: name, expected, found: other.key.clone() });
            }
            Some(other) if !other.projects_all => problems.push(TableError::IndexProjection { table, index: name }),
            Some(_) => {}
        }
    }
}

fn find<'a>(table: &'a TableSchema, index: &IndexSchema) -> Option<&'a IndexSchema> {
    table.indexes.iter().find(|found| found.name == index.name)
}
