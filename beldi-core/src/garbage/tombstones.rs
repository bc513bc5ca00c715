//! Tombstones whose log lies below the watermark.
//!
//! Invariant: a tombstone that cannot go yet has an item of its own, put before what told of it is forgotten. Whatever
//! makes a row a tombstone again after it was looked at belongs to an instance that is open, and will list it.

use super::index::{Class, SHARDS};
use super::leftovers::remember;
use super::{Cycle, MAX_LOOKS};
use crate::daal::{RowKey, RowPruner, TOMBSTONE_RECORD, youngest};
use crate::error::Fault;

/// What became of a row.
enum Fate {
    /// It was removed.
    Removed,
    /// It is no tombstone.
    Alive,
    /// It is to be looked at again when the watermark has passed this.
    Waits { from_ms: u64 },
}

impl Cycle<'_> {
    /// Looks at tombstones again that had something in their way.
    pub(super) async fn tombstones(&mut self) {
        for shard in 0..SHARDS {
            for item in self.found(Class::Tombstone, shard, self.watermark_ms).await {
                let Some(row) = RowKey::read(&item) else { continue };
                if let Err(error) = self.look_again(&row).await {
                    self.failed(&error);
                }
            }
        }
    }

    async fn look_again(&mut self, row: &RowKey) -> Result<(), Fault> {
        if self.bury(row).await? {
            let pruner = RowPruner { environment: self.environment, journal: &self.journal, row };
            // Only if it is still the item that was found: another tombstone may have come since.
            pruner.delete(TOMBSTONE_RECORD, self.watermark_ms).await?;
        }
        Ok(())
    }

    /// Removes a row if it is a tombstone that nobody needs. Gives whether nothing is left to be done; otherwise the
    /// row has an item that stands for it.
    pub(super) async fn bury(&mut self, row: &RowKey) -> Result<bool, Fault> {
        match self.fate(row).await? {
            Fate::Removed => self.done.tombstones += 1,
            Fate::Alive => {}
            Fate::Waits { from_ms } => {
                remember(self.environment, self.service, row, from_ms).await?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn fate(&self, row: &RowKey) -> Result<Fate, Fault> {
        let pruner = RowPruner { environment: self.environment, journal: &self.journal, row };
        for _ in 0..MAX_LOOKS {
            let Some(seen) = pruner.look().await?.filter(|seen| seen.tombstone) else { return Ok(Fate::Alive) };
            if seen.is_held() || seen.first != seen.epoch || !seen.is_below(self.watermark_ms) {
                let youngest_ms = u64::from(youngest(&seen.log)) * 1000;
                return Ok(Fate::Waits { from_ms: youngest_ms.max(self.watermark_ms) });
            }
            if pruner.remove(&seen).await? {
                return Ok(Fate::Removed);
            }
        }
        Ok(Fate::Waits { from_ms: self.watermark_ms })
    }
}
