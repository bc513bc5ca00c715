//! What garbage collection does to a row: a log that nobody needs goes, the first live epoch moves on, a tombstone is
//! removed.
//!
//! Invariants: nothing of the user's is changed; each of these is one update on the condition that the row is as it
//! was seen. A log is recognised by its epoch, its size and one of its entries: a row that was removed and made again
//! may have a log of the same size at the same epoch.

use super::place::Place;
use super::update::Update;
use super::{DELETED, EPOCH, FIRST, LOG, RowKey, RowState, youngest};
use crate::attributes::{get_u64, number, string};
use crate::environment::Environment;
use crate::error::Fault;
use crate::store::tables::{JOURNAL_INSTANCE, JOURNAL_RECLAIM_FROM, JOURNAL_RECORD};
use crate::store::{Attributes, DeleteItem, GetItem, Placeholders, QueryItems, ReturnValues, StoreError};

/// A row that garbage collection looks after.
pub(crate) struct RowPruner<'a> {
    pub(crate) environment: &'a Environment,
    /// The journal table of the row's service.
    pub(crate) journal: &'a str,
    pub(crate) row: &'a RowKey,
}

/// A segment that the first live epoch does not pass, because it is live, or because enough were passed.
pub(crate) struct NotPassed {
    pub(crate) epoch: u64,
    pub(crate) is_live: bool,
}

impl RowPruner<'_> {
    /// The row as it is; nothing, if its table is gone, or has other keys now, or is none of this program's and may not be
    /// read any more: with it, all that a row was is gone.
    pub(crate) async fn look(&self) -> Result<Option<RowState>, Fault> {
        let get = GetItem { table: self.row.table.clone(), key: self.row.key.clone(), consistent: true };
        match self.environment.store.get(get).await {
            Err(StoreError::TableNotFound { .. }) => Ok(None),
            Err(StoreError::Denied { .. } | StoreError::Invalid { .. }) if !self.is_declared() => Ok(None),
            row => Ok(Some(RowState::of(row?.as_ref())?)),
        }
    }

    fn is_declared(&self) -> bool {
        self.environment.registry.tables().any(|table| table.table == self.row.table && table.has_key(&self.row.key))
    }

    /// Takes the log away, and the row to a new epoch. Gives whether the row was as seen.
    pub(crate) async fn drop_log(&self, seen: &RowState) -> Result<bool, StoreError> {
        let mut update = Update::default();
        update.at_epoch_of(&Place::AppendAt(seen.epoch));
        update.log_is(seen.log.len(), seen.log.first().map(Vec::as_slice));
        update.set(EPOCH, number((seen.epoch + 1).max(self.environment.world.now_ms())));
        update.remove(LOG);
        self.send(update).await
    }

    /// Moves the first live epoch on. Gives whether the row was as seen.
    pub(crate) async fn raise_first(&self, seen: &RowState, first: u64) -> Result<bool, StoreError> {
        let mut update = Update::default();
        update.at_epoch_of(&Place::AppendAt(seen.epoch));
        update.first_is(seen.first);
        update.set(FIRST, number(first));
        self.send(update).await
    }

    /// Removes a tombstone that nobody holds. Gives whether it was as seen.
    pub(crate) async fn remove(&self, seen: &RowState) -> Result<bool, StoreError> {
        let mut update = Update::default();
        update.at_epoch_of(&Place::AppendAt(seen.epoch));
        update.first_is(seen.first);
        update.log_is(seen.log.len(), seen.log.first().map(Vec::as_slice));
        update.unlocked(None);
        let deleted = update.placeholders.name(DELETED);
        update.condition.push(format!("attribute_exists({deleted})"));
        let delete = DeleteItem {
            table: self.row.table.clone(),
            key: self.row.key.clone(),
            condition: Some(update.condition.join(" AND ")),
            placeholders: update.placeholders,
        };
        as_seen(self.environment.store.delete(delete).await)
    }

    /// Passes the segments from epoch `from` to before epoch `to` that lie below `watermark_ms`, up to `limit` of them, and
    /// gives the epoch of the first that is not passed.
    pub(crate) async fn first_after(
        &self,
        from: u64,
        to: u64,
        watermark_ms: u64,
        limit: u32,
    ) -> Result<Option<NotPassed>, StoreError> {
        if from >= to {
            return Ok(None);
        }
        let (mut query, mut passed) = (self.query(from, to - 1), 0);
        loop {
            let page = self.environment.store.query(query.clone()).await?;
            for segment in &page.items {
                let Some(epoch) = get_u64(segment, JOURNAL_RECORD) else { continue };
                if get_u64(segment, JOURNAL_RECLAIM_FROM).is_none_or(|from_ms| from_ms >= watermark_ms) {
                    return Ok(Some(NotPassed { epoch, is_live: true }));
                }
                if passed == limit {
                    return Ok(Some(NotPassed { epoch, is_live: false }));
                }
                passed += 1;
            }
            match page.next {
                Some(next) => query.start = Some(next),
                None => return Ok(None),
            }
        }
    }

    fn query(&self, from: u64, last: u64) -> QueryItems {
        const PAGE: u32 = 32;
        let mut placeholders = Placeholders::default();
        let (instance, record) = (placeholders.name(JOURNAL_INSTANCE), placeholders.name(JOURNAL_RECORD));
        let row = placeholders.value(string(self.row.name()));
        let (from, last) = (placeholders.value(number(from)), placeholders.value(number(last)));
        QueryItems {
            table: self.journal.to_owned(),
            index: None,
            key_condition: format!("{instance} = {row} AND {record} BETWEEN {from} AND {last}"),
            filter: None,
            placeholders,
            forward: true,
            limit: Some(PAGE),
            start: None,
            consistent: true,
        }
    }

    /// Deletes an item of the row in the journal, a segment or the one that stands for its tombstone, on the condition
    /// that it lies below `watermark_ms`. So what was put in its place since stays.
    pub(crate) async fn delete(&self, record: u64, watermark_ms: u64) -> Result<bool, StoreError> {
        let mut placeholders = Placeholders::default();
        let from = placeholders.name(JOURNAL_RECLAIM_FROM);
        let condition = format!("{from} < {}", placeholders.value(number(watermark_ms)));
        let key = Attributes::from([
            (JOURNAL_INSTANCE.to_owned(), string(self.row.name())),
            (JOURNAL_RECORD.to_owned(), number(record)),
        ]);
        let (table, condition) = (self.journal.to_owned(), Some(condition));
        as_seen(self.environment.store.delete(DeleteItem { table, key, condition, placeholders }).await)
    }

    async fn send(&self, update: Update) -> Result<bool, StoreError> {
        let request = update.request(&self.row.table, &self.row.key, ReturnValues::None);
        as_seen(self.environment.store.update(request).await)
    }
}

fn as_seen<T>(outcome: Result<T, StoreError>) -> Result<bool, StoreError> {
    match outcome {
        Ok(_) => Ok(true),
        Err(StoreError::ConditionFailed { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

impl RowState {
    /// Whether the log has no entry of an instance that started at `watermark_ms` or later.
    pub(crate) fn is_below(&self, watermark_ms: u64) -> bool {
        u64::from(youngest(&self.log)) * 1000 < watermark_ms
    }

    /// Whether anybody holds the row.
    pub(crate) fn is_held(&self) -> bool {
        self.lock.is_some() || !self.holds.is_empty()
    }
}
