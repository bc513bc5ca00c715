//! Segments whose entries all lie below the watermark.
//!
//! Invariant: a row's first live epoch is moved past segments before they are deleted. So a crash leaves a segment that
//! the index still shows, and never a first live epoch without a segment behind it, which would cost every write of the
//! row a search.

use std::collections::{BTreeMap, BTreeSet};

use super::index::{Class, SHARDS};
use super::{Cycle, LIMIT, MAX_LOOKS};
use crate::attributes::get_u64;
use crate::daal::{RowKey, RowPruner};
use crate::error::Fault;
use crate::store::tables::JOURNAL_RECORD;

impl Cycle<'_> {
    /// Deletes the segments below the watermark.
    pub(super) async fn segments(&mut self) {
        for shard in 0..SHARDS {
            let mut rows: BTreeMap<String, (RowKey, BTreeSet<u64>)> = BTreeMap::new();
            for segment in self.found(Class::Segment, shard, self.watermark_ms).await {
                if let (Some(row), Some(record)) = (RowKey::read(&segment), get_u64(&segment, JOURNAL_RECORD)) {
                    rows.entry(row.name()).or_insert_with(|| (row, BTreeSet::new())).1.insert(record);
                }
            }
            for (row, found) in rows.values() {
                match self.segments_of(row, found.clone()).await {
                    Ok(deleted) => self.done.segments += deleted,
                    Err(error) => self.failed(&error),
                }
            }
        }
    }

    /// Moves the first live epoch of one row on, by a bounded number of segments, and deletes those that were found in the
    /// index. An entry of which all instances are done is looked for by nobody, so a segment behind a live one may go
    /// before it. One behind another that is to go waits until the first live epoch has passed both: if it went, and the
    /// other by another collector, nothing would be left that brings one back to the row.
    async fn segments_of(&mut self, row: &RowKey, mut found: BTreeSet<u64>) -> Result<u64, Fault> {
        let pruner = RowPruner { environment: self.environment, journal: &self.journal, row };
        for _ in 0..MAX_LOOKS {
            let Some(seen) = pruner.look().await? else { return self.delete_segments(&pruner, found).await };
            // A roll that was begun and not made. Without its segment the row would never be rid of this epoch.
            if found.contains(&seen.epoch) && !seen.log.is_empty() && seen.is_below(self.watermark_ms) {
                pruner.drop_log(&seen).await?;
                continue;
            }
            let next = pruner.first_after(seen.first, seen.epoch, self.watermark_ms, LIMIT).await?;
            let first = next.as_ref().map_or(seen.epoch, |next| next.epoch);
            if first > seen.first && !pruner.raise_first(&seen, first).await? {
                continue;
            }
            if next.is_some_and(|next| !next.is_live) {
                found.retain(|epoch| *epoch < first);
                self.done.more = true;
            }
            return self.delete_segments(&pruner, found).await;
        }
        // The row is written faster than it is looked at: the segments are found again.
        Ok(0)
    }

    async fn delete_segments(&self, pruner: &RowPruner<'_>, found: BTreeSet<u64>) -> Result<u64, Fault> {
        let mut deleted = 0;
        for record in found {
            deleted += u64::from(pruner.delete(record, self.watermark_ms).await?);
        }
        Ok(deleted)
    }
}
