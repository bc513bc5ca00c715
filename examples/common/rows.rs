//! The rows as they lie in the tables, the protocol's own attributes included.

use std::error::Error;

use beldi::Environment;
use beldi::manifest::Holds;
use beldi::store::{Attributes, Placeholders, ScanItems, StoreError};

use super::checks::{Check, several};

/// What the attributes begin with that a transaction or a guard has left in a row for as long as it holds it.
const LOCKS: [&str; 2] = ["_beldi_lock", "_beldi_holds"];

/// Whether no row of any table is locked any more. Nothing may be running that still locks.
pub(crate) async fn none_locked(environment: &Environment) -> Result<Check, Box<dyn Error>> {
    let (mut rows, mut problems) = (0, Vec::new());
    let tables = environment.registry.manifest()?.tables;
    for table in tables.iter().filter(|table| table.holds == Holds::Items) {
        for row in scan(environment, &table.name).await? {
            rows += 1;
            problems.extend(locks(&row).map(|lock| format!("a row of `{}` still has `{lock}`", table.name)));
        }
    }
    Ok(Check::new("no lock left in any table", &several(rows, "row"), &problems))
}

/// The attributes of a row that are locks.
pub(crate) fn locks(row: &Attributes) -> impl Iterator<Item = &str> {
    row.keys().map(String::as_str).filter(|name| LOCKS.iter().any(|lock| name.starts_with(lock)))
}

async fn scan(environment: &Environment, table: &str) -> Result<Vec<Attributes>, StoreError> {
    let mut rows = Vec::new();
    let (filter, placeholders, limit) = (None, Placeholders::default(), None);
    let mut scan = ScanItems { table: table.to_owned(), filter, placeholders, limit, start: None, consistent: true };
    loop {
        let page = environment.store.scan(scan.clone()).await?;
        rows.extend(page.items);
        match page.next {
            Some(next) => scan.start = Some(next),
            None => return Ok(rows),
        }
    }
}
