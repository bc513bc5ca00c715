//! The records of done instances.
//!
//! Invariants: of a done instance below the watermark record 0 stays, with its result, until nobody may ask for it; all
//! other records go. They go from the end, so that what a reader finds has no gap; and in one atomic step with record
//! 0, which says how many there are. So nothing is deleted of another instance that has come to the same id since.

use serde_dynamo::AttributeValue;

use super::index::{Class, SHARDS};
use super::leftovers::{RECORDS, done, expiry, listed};
use super::{Cycle, LIMIT, TOMBSTONES};
use crate::attributes::{get_string, get_u64, number, string};
use crate::error::Fault;
use crate::ids::InstanceId;
use crate::intent;
use crate::store::tables::{JOURNAL_INSTANCE, JOURNAL_RECLAIM, JOURNAL_RECLAIM_FROM, JOURNAL_RECORD};
use crate::store::{
    Attributes, DeleteItem, Placeholders, ReturnValues, StoreError, TransactWrite, UpdateItem, WriteItem,
};

/// How many records one request deletes: a transactional write may have 4 MB, and a record 400 KB.
const RECORDS_PER_REQUEST: u64 = 8;

/// How many results one request deletes.
const RESULTS_PER_REQUEST: usize = 10;

impl Cycle<'_> {
    /// Reclaims what done instances have left besides their results.
    pub(super) async fn journals(&mut self) {
        for shard in 0..SHARDS {
            for record in self.found(Class::Done, shard, self.watermark_ms).await {
                if let Err(error) = self.journal_of(&record).await {
                    self.failed(&error);
                }
            }
        }
    }

    async fn journal_of(&mut self, record: &Attributes) -> Result<(), Fault> {
        let Some((instance, function, done_ms, mut records)) = done(record) else { return Ok(()) };
        for row in listed(record) {
            self.bury(&row).await?;
        }
        let left = records.saturating_sub(u64::from(LIMIT));
        loop {
            let rest = records.saturating_sub(RECORDS_PER_REQUEST).max(1);
            let set = match rest {
                1 => self.last(instance, function, done_ms),
                // Its tombstones have been looked at.
                _ => (vec![(RECORDS, number(rest))], vec![TOMBSTONES]),
            };
            let update = self.update(instance, done_ms, set);
            let mut writes: Vec<_> = (rest..records).rev().map(|number| self.delete(instance, number)).collect();
            let deleted = writes.len() as u64;
            let outcome = match writes.is_empty() {
                true => self.environment.store.update(update).await.map(drop),
                false => {
                    writes.push(WriteItem::Update(update));
                    self.environment.store.transact_write(TransactWrite { writes }).await
                }
            };
            match outcome {
                Ok(()) => self.done.records += deleted,
                // Another collector was faster.
                Err(StoreError::ConditionFailed { .. } | StoreError::TransactionCancelled { .. }) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            if rest == 1 {
                return Ok(());
            }
            if rest <= left {
                self.done.more = true;
                return Ok(());
            }
            records = rest;
        }
    }

    /// What record 0 becomes when it is all that is left: the attributes to set, and those to remove.
    fn last(&self, instance: InstanceId, function: &str, done_ms: u64) -> Changes {
        let expiry = expiry(self.environment, self.service, function, instance, done_ms);
        (expiry.set, [&[RECORDS, TOMBSTONES], expiry.remove].concat())
    }

    /// An update of record 0 of an instance that was done at `done_ms` and has more to reclaim.
    fn update(&self, instance: InstanceId, done_ms: u64, (set, remove): Changes) -> UpdateItem {
        let mut placeholders = Placeholders::default();
        let condition = format!(
            "{} = {} AND {} = {}",
            placeholders.name("done"),
            placeholders.value(number(done_ms)),
            placeholders.name(JOURNAL_RECLAIM),
            placeholders.value(string(Class::Done.of_instance(instance))),
        );
        let mut set_to = |(name, value)| format!("{} = {}", placeholders.name(name), placeholders.value(value));
        let set: Vec<_> = set.into_iter().map(&mut set_to).collect();
        let remove: Vec<_> = remove.into_iter().map(|name| placeholders.name(name)).collect();
        let mut update = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            update.push_str(&format!(" REMOVE {}", remove.join(", ")));
        }
        let (table, key, condition) = (self.journal.clone(), intent::key(instance), Some(condition));
        UpdateItem { table, key, update, condition, placeholders, return_values: ReturnValues::None }
    }

    fn delete(&self, instance: InstanceId, record: u64) -> WriteItem {
        let key = [(JOURNAL_INSTANCE, string(instance.to_string())), (JOURNAL_RECORD, number(record))];
        let key = key.map(|(name, value)| (name.to_owned(), value)).into();
        let (table, condition, placeholders) = (self.journal.clone(), None, Placeholders::default());
        WriteItem::Delete(DeleteItem { table, key, condition, placeholders })
    }

    /// Deletes results that were kept as long as they are to be, where the store does not do it.
    pub(super) async fn results(&mut self) {
        let now_ms = self.environment.world.now_ms();
        for shard in 0..SHARDS {
            let found = self.found(Class::Result, shard, now_ms).await;
            let deletes: Vec<_> = found.iter().filter_map(|record| self.delete_result(record)).collect();
            for deletes in deletes.chunks(RESULTS_PER_REQUEST) {
                match self.delete_results(deletes).await {
                    Ok(deleted) => self.done.results += deleted,
                    Err(error) => self.failed(&error),
                }
            }
        }
    }

    async fn delete_results(&self, deletes: &[DeleteItem]) -> Result<u64, StoreError> {
        let store = &self.environment.store;
        let writes = deletes.iter().cloned().map(WriteItem::Delete).collect();
        match store.transact_write(TransactWrite { writes }).await {
            Ok(()) => return Ok(deletes.len() as u64),
            Err(StoreError::TransactionCancelled { .. }) => {}
            Err(error) => return Err(error),
        }
        // Another collector has deleted some of them.
        let mut deleted = 0;
        for delete in deletes {
            match store.delete(delete.clone()).await {
                Ok(()) => deleted += 1,
                Err(StoreError::ConditionFailed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(deleted)
    }

    /// The deletion of a record 0, on the condition that it is the one that was found: the index may show one that was
    /// deleted, and whose id is in use again.
    fn delete_result(&self, record: &Attributes) -> Option<DeleteItem> {
        let instance: InstanceId = get_string(record, JOURNAL_INSTANCE)?.parse().ok()?;
        let from_ms = get_u64(record, JOURNAL_RECLAIM_FROM)?;
        let mut placeholders = Placeholders::default();
        let (class, from) = (placeholders.name(JOURNAL_RECLAIM), placeholders.name(JOURNAL_RECLAIM_FROM));
        let result = placeholders.value(string(Class::Result.of_instance(instance)));
        let condition = format!("{class} = {result} AND {from} = {}", placeholders.value(number(from_ms)));
        let (table, key) = (self.journal.clone(), intent::key(instance));
        Some(DeleteItem { table, key, condition: Some(condition), placeholders })
    }
}

/// The attributes that an update sets, and those that it removes.
type Changes = (Vec<(&'static str, AttributeValue)>, Vec<&'static str>);
