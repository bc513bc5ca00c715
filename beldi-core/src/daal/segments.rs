//! The segments of one row: former row logs, kept in the journal table of the row's service.
//!
//! Invariant: a segment ends at the next epoch, and that is not before the time at which its last entry was added, but
//! for the margin of clocks: a roll takes the time after it has seen the full log, and is conditional on that log. So
//! a segment that ended before an instance started has none of its entries, and no search reads further back.

use serde_dynamo::AttributeValue;

use super::log::youngest;
use super::place::{Place, Roll};
use super::write::contended;
use super::{RowKey, RowState, row_name};
use crate::attributes::{get_u64, number, string};
use crate::checksum::{self, Damage};
use crate::environment::Environment;
use crate::error::Fault;
use crate::garbage::{self, Class, watermark};
use crate::store::tables::{JOURNAL_INSTANCE, JOURNAL_RECLAIM_FROM, JOURNAL_RECORD};
use crate::store::{Attributes, Placeholders, PutItem, QueryItems, StoreError};
use crate::world::millis;

/// The row that segments belong to.
pub(super) struct Segments<'a> {
    pub(super) environment: &'a Environment,
    /// The journal table of the row's service.
    pub(super) journal: &'a str,
    pub(super) table: &'a str,
    pub(super) key: &'a Attributes,
}

/// How many segments a search reads at first, and how many times more with each further page: an instance that has just
/// started rarely needs more, and none reads much more than it needs.
const FIRST_PAGE: u32 = 16;
const GROWTH: u32 = 4;

/// The epoch before which no segment has ended that may have entries of an instance which started at this second.
pub(super) fn since(environment: &Environment, start_s: u32) -> u64 {
    (u64::from(start_s) * 1000).saturating_sub(millis(environment.settings.margin))
}

impl Segments<'_> {
    /// What `find` finds in one of the segments from epoch `from` to before epoch `to`, the youngest first, as far as
    /// they did not end before epoch `since`.
    pub(super) async fn find<T>(
        &self,
        from: u64,
        to: u64,
        since: u64,
        find: impl Fn(&[Vec<u8>]) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        if from >= to || to < since {
            return Ok(None);
        }
        let mut placeholders = Placeholders::default();
        let (instance, record) = (placeholders.name(JOURNAL_INSTANCE), placeholders.name(JOURNAL_RECORD));
        let row = placeholders.value(string(row_name(self.table, self.key)));
        let (from, last) = (placeholders.value(number(from)), placeholders.value(number(to - 1)));
        let mut query = QueryItems {
            table: self.journal.to_owned(),
            index: None,
            key_condition: format!("{instance} = {row} AND {record} BETWEEN {from} AND {last}"),
            filter: None,
            placeholders,
            forward: false,
            limit: Some(FIRST_PAGE),
            start: None,
            consistent: true,
        };
        loop {
            let page = self.environment.store.query(query.clone()).await?;
            for segment in &page.items {
                checksum::verify(segment)?;
                if let Some(found) = find(log_of(segment)?) {
                    return Ok(Some(found));
                }
                // Where this one begins, the next one has ended.
                if get_u64(segment, JOURNAL_RECORD).is_some_and(|ended| ended < since) {
                    return Ok(None);
                }
            }
            match page.next {
                Some(next) => {
                    query.start = Some(next);
                    query.limit = query.limit.map(|limit| limit.saturating_mul(GROWTH));
                }
                None => return Ok(None),
            }
        }
    }

    /// Puts the log as a segment, unless nobody needs its entries, and gives the roll that is to follow.
    ///
    /// A segment may be there already. If it has the entries it is the same one, or one that was put under a larger
    /// limit. One with fewer was put before the log went on to grow, and one that is below the watermark belongs to a
    /// row that was removed since: both are replaced.
    pub(super) async fn prepare_roll(&self, row: &RowState) -> Result<Place, Fault> {
        let youngest_s = youngest(&row.log);
        let mut watermark_s = watermark::covering(self.environment, self.journal, youngest_s).await?;
        for _ in 0..2 {
            if u64::from(youngest_s) < watermark_s {
                return Ok(self.roll(row, true));
            }
            match self.put(row, youngest_s, watermark_s).await {
                Ok(()) => return Ok(self.roll(row, false)),
                Err(StoreError::ConditionFailed { item }) => {
                    let there = item.as_ref().map_or(Ok(&[][..]), log_of)?;
                    if row.log.iter().all(|entry| there.contains(entry)) {
                        return Ok(self.roll(row, false));
                    }
                }
                Err(error) => return Err(error.into()),
            }
            // Of two logs of a row at one epoch that are not the same one is below the newest watermark.
            watermark_s = watermark::refreshed(self.environment, self.journal).await?;
        }
        Err(contended(self.table))
    }

    fn roll(&self, row: &RowState, disposable: bool) -> Place {
        let RowState { epoch: from, first, .. } = *row;
        let to = (from + 1).max(self.environment.world.now_ms());
        let first_to = if disposable && first == from { to } else { first };
        let entry = row.log.first().cloned().unwrap_or_default();
        Place::Roll(Roll { from, to, first, first_to, full: row.log.len(), entry })
    }

    async fn put(&self, row: &RowState, youngest_s: u32, watermark_s: u64) -> Result<(), StoreError> {
        let mut placeholders = Placeholders::default();
        let (instance, log) = (placeholders.name(JOURNAL_INSTANCE), placeholders.name("log"));
        let from = placeholders.name(JOURNAL_RECLAIM_FROM);
        let seen = placeholders.value(number(row.log.len()));
        let watermark = placeholders.value(number(watermark_s * 1000));
        let condition = format!("attribute_not_exists({instance}) OR size({log}) < {seen} OR {from} < {watermark}");
        let name = row_name(self.table, self.key);
        let mut item = Attributes::from([
            (JOURNAL_INSTANCE.to_owned(), string(&name)),
            (JOURNAL_RECORD.to_owned(), number(row.epoch)),
            ("log".to_owned(), AttributeValue::Bs(row.log.clone())),
        ]);
        RowKey { table: self.table.to_owned(), key: self.key.clone() }.write(&mut item);
        garbage::enter(&mut item, Class::Segment.of_row(&name), u64::from(youngest_s) * 1000);
        let item = checksum::sealed(item);
        let put = PutItem { table: self.journal.to_owned(), item, condition: Some(condition), placeholders };
        self.environment.store.put(put).await
    }
}

/// The log that a segment holds.
fn log_of(segment: &Attributes) -> Result<&[Vec<u8>], Damage> {
    match segment.get("log") {
        Some(AttributeValue::Bs(log)) => Ok(log),
        _ => Err(Damage::of(segment, "it has no log")),
    }
}
