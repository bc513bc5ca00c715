//! Garbage collection (protocol, section 8): what nobody can ask for any more goes. Nobody scans a table.
//!
//! Invariants: nothing is reclaimed that a live attempt, or one that is still to come, could ask for: all that goes lies
//! below the watermark, or is a result that was kept as long as it is promised. Every request is one step that leaves a
//! sound state, and what remains to be done stays in the index until it is; so a cycle may die anywhere, and run
//! beside another one and beside attempts, without any lock. What a cycle costs follows what it reclaims; one that
//! finds nothing sends always as many requests.
//!
//! | file | what |
//! |---|---|
//! | `index.rs` | the index over what may be reclaimed one day |
//! | `watermark.rs` | before when everything is done and dead |
//! | `leftovers.rs` | what an instance leaves when it is done |
//! | `segments.rs` | segments of row logs, and rolls that were begun and never made |
//! | `tombstones.rs` | tombstones of rows |
//! | `journals.rs` | records of done instances, and results that are kept no longer |
//!
//! Row logs that are full are pruned by the writes themselves (`daal/segments.rs`).

use std::sync::Arc;

mod index;
mod journals;
mod leftovers;
mod segments;
mod tombstones;
pub(crate) mod watermark;

#[cfg(feature = "aws")]
use crate::attributes::get_u64;
use crate::environment::{Environment, journal_table};
#[cfg(feature = "aws")]
use crate::store::tables::JOURNAL_RECLAIM_FROM;
use crate::store::{Attributes, Counting, StoreError};

pub use watermark::Watermarks;

pub(crate) use index::{Class, enter};
pub(crate) use leftovers::{Expiry, Finished, TOMBSTONES, Told, expiry, list_of, listed, more, remember, rows_of};

/// What one cycle of garbage collection did in one service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Garbage {
    /// Segments of row logs that were deleted.
    pub segments: u64,
    /// Tombstones that were removed.
    pub tombstones: u64,
    /// Journal records that were deleted, results not counted.
    pub records: u64,
    /// Results that were kept as long as they are to be, and were deleted. A store that expires items does it itself.
    pub results: u64,
    /// Requests to the store.
    pub requests: u64,
    /// The watermark: everything of instances that started before it may go. Milliseconds since 1970.
    pub watermark_ms: u64,
    /// Whether the cycle has left something that it could reclaim to the next, because it is bounded.
    pub more: bool,
}

impl Garbage {
    /// Adds what another cycle did, of this service or another; the watermark is that of the one further behind.
    pub(crate) fn add(&mut self, other: Self) {
        let Self { segments, tombstones, records, results, requests, watermark_ms, more } = other;
        self.segments += segments;
        self.tombstones += tombstones;
        self.records += records;
        self.results += results;
        self.requests += requests;
        self.watermark_ms = self.watermark_ms.min(watermark_ms);
        self.more |= more;
    }

    /// How many things were reclaimed.
    pub fn reclaimed(&self) -> u64 {
        self.segments + self.tombstones + self.records + self.results
    }
}

/// The most items that one cycle takes from each shard of each class, the most segments that it passes of one row, and
/// the most records that it deletes of one instance.
const LIMIT: u32 = 100;

/// How often a row that others write at the same time is looked at in one cycle.
const MAX_LOOKS: u32 = 4;

/// One cycle in one service.
struct Cycle<'a> {
    environment: &'a Environment,
    service: &'a str,
    journal: String,
    watermark_ms: u64,
    done: Garbage,
}

/// Reclaims what one service does not need any more: one cycle, of bounded work. Any number may run at once, and beside
/// attempts; one that dies is resumed by the next.
///
/// ```
/// # async fn example(host: beldi_core::host::LocalHost) -> Result<(), beldi_core::store::StoreError> {
/// let garbage = beldi_core::collect_garbage(&host.environment(), "hotel").await?;
/// println!("{} segments and {} records for {} requests", garbage.segments, garbage.records, garbage.requests);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The store failed before anything could be reclaimed. What fails later is left to the next cycle.
pub async fn collect_garbage(environment: &Environment, service: &str) -> Result<Garbage, StoreError> {
    let counting = Arc::new(Counting::new(Arc::clone(&environment.store)));
    let environment = Environment { store: Arc::clone(&counting) as Arc<_>, ..environment.clone() };
    let watermark_ms = watermark::advance(&environment, service).await?;
    let (journal, done) = (journal_table(service), Garbage { watermark_ms, ..Garbage::default() });
    let mut cycle = Cycle { environment: &environment, service, journal, watermark_ms, done };
    // The first live epochs of rows first: tombstones wait for them.
    cycle.segments().await;
    cycle.journals().await;
    cycle.tombstones().await;
    if !environment.store.expires_items() {
        cycle.results().await;
    }
    Ok(Garbage { requests: counting.total(), ..cycle.done })
}

/// When the oldest instance of a service that is not done was begun, milliseconds since 1970; `None` if all are done.
#[cfg(feature = "aws")]
pub(crate) async fn oldest_open(environment: &Environment, service: &str) -> Result<Option<u64>, StoreError> {
    let mut oldest = None;
    for shard in 0..index::SHARDS {
        let page = index::first(environment, service, Class::Open.partition(shard), None, 1).await?;
        let begun = page.items.first().and_then(|item| get_u64(item, JOURNAL_RECLAIM_FROM));
        oldest = oldest.into_iter().chain(begun).min();
    }
    Ok(oldest)
}

impl Cycle<'_> {
    /// The items of one shard of a class from before `before_ms`, as many as a cycle takes.
    async fn found(&mut self, class: Class, shard: u8, before_ms: u64) -> Vec<Attributes> {
        let partition = class.partition(shard);
        let page = index::first(self.environment, self.service, partition, Some(before_ms), LIMIT).await;
        match page {
            Ok(page) => {
                self.done.more |= page.next.is_some();
                page.items
            }
            Err(error) => {
                self.failed(&error);
                Vec::new()
            }
        }
    }

    /// What could not be done now stays in the index.
    fn failed(&self, error: &dyn std::fmt::Display) {
        tracing::warn!(service = self.service, %error, "garbage is left to the next cycle");
    }
}
