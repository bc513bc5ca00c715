//! The segments of one row: former row logs, kept in the journal table of the row's service.
//!
//! Invariant: a segment ends at the next epoch, and that is not before the time at which its last entry was added, but
//! for the margin of clocks: a roll takes the time after it has seen the full log, and is conditional on that log. So
//! a segment that ended before an instance started has none of its entries, and no search reads further back.
//!
//! Epochs of a key grow over all its lives but for one: a row that was removed and made again begins at epoch 0. What a
//! search knows from the order of epochs, a witness among it, is therefore not true of the segment of epoch 0: as long
//! as that is live, it is looked into.

use serde_dynamo::AttributeValue;

use super::log::youngest;
use super::place::{Place, Roll};
use super::write::contended;
use super::{RowKey, RowState, row_name};
use crate::attributes::{get_u64, number, string};
use crate::checksum::{self, CHECKSUM, Damage};
use crate::environment::Environment;
use crate::error::Fault;
use crate::garbage::{self, Class, watermark};
use crate::store::tables::{JOURNAL_INSTANCE, JOURNAL_RECLAIM_FROM, JOURNAL_RECORD};
use crate::store::{Attributes, GetItem, Placeholders, PutItem, QueryItems, StoreError};
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

/// How a search has ended.
enum Search<T> {
    Found(T),
    /// Nothing was found down to this epoch.
    Over(u64),
}

impl Segments<'_> {
    /// What `find` finds in one of the segments of a row as it was seen, from epoch `from` on, as far as they did not
    /// end before epoch `since`.
    pub(super) async fn find<T>(
        &self,
        row: &RowState,
        from: u64,
        since: u64,
        find: impl Fn(&[Vec<u8>]) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        if row.epoch < since || from == row.epoch {
            return Ok(None);
        }
        let ended =
            if from < row.epoch { self.find_back(from, row.epoch, since, &find).await? } else { Search::Over(from) };
        match ended {
            Search::Found(found) => Ok(Some(found)),
            // A row that was removed and made again has begun at epoch 0 again, below what is left of its former life.
            Search::Over(down_to) if row.first == 0 && row.epoch > 0 && down_to > 0 => self.find_first(find).await,
            Search::Over(_) => Ok(None),
        }
    }

    /// Looks through the segments from epoch `from` to before epoch `to`, the youngest first.
    async fn find_back<T>(
        &self,
        from: u64,
        to: u64,
        since: u64,
        find: impl Fn(&[Vec<u8>]) -> Option<T>,
    ) -> Result<Search<T>, Fault> {
        let mut placeholders = Placeholders::default();
        let (instance, record) = (placeholders.name(JOURNAL_INSTANCE), placeholders.name(JOURNAL_RECORD));
        let row = placeholders.value(string(row_name(self.table, self.key)));
        let (low, last) = (placeholders.value(number(from)), placeholders.value(number(to - 1)));
        let mut query = QueryItems {
            table: self.journal.to_owned(),
            index: None,
            key_condition: format!("{instance} = {row} AND {record} BETWEEN {low} AND {last}"),
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
                    return Ok(Search::Found(found));
                }
                // Where this one begins, the next one has ended.
                let began = get_u64(segment, JOURNAL_RECORD).unwrap_or(to);
                if began < since {
                    return Ok(Search::Over(began));
                }
            }
            match page.next {
                Some(next) => {
                    query.start = Some(next);
                    query.limit = query.limit.map(|limit| limit.saturating_mul(GROWTH));
                }
                None => return Ok(Search::Over(from)),
            }
        }
    }

    /// Looks into the segment of epoch 0.
    async fn find_first<T>(&self, find: impl Fn(&[Vec<u8>]) -> Option<T>) -> Result<Option<T>, Fault> {
        let key = Attributes::from([
            (JOURNAL_INSTANCE.to_owned(), string(row_name(self.table, self.key))),
            (JOURNAL_RECORD.to_owned(), number(0)),
        ]);
        let get = GetItem { table: self.journal.to_owned(), key, consistent: true };
        let Some(segment) = self.environment.store.get(get).await? else { return Ok(None) };
        checksum::verify(&segment)?;
        Ok(find(log_of(&segment)?))
    }

    /// Puts the log as a segment, unless nobody needs its entries, and gives the roll that is to follow.
    ///
    /// A segment may be there already. If it has the entries it is the same one, or one that was put under a larger
    /// limit. If it has some of them and no others, it was put before the log went on to grow, and one that is below the
    /// watermark belongs to a row that was removed since: both are replaced.
    pub(super) async fn prepare_roll(&self, row: &RowState) -> Result<Place, Fault> {
        let youngest_s = youngest(&row.log);
        let mut watermark_s = watermark::covering(self.environment, self.journal, youngest_s).await?;
        let mut shorter = None;
        for _ in 0..3 {
            if u64::from(youngest_s) < watermark_s {
                return Ok(self.roll(row, true));
            }
            let there = match self.put(row, youngest_s, watermark_s, shorter.as_ref()).await {
                Ok(()) => return Ok(self.roll(row, false)),
                Err(StoreError::ConditionFailed { item }) => item.unwrap_or_default(),
                Err(error) => return Err(error.into()),
            };
            let entries = if there.is_empty() { &[] } else { log_of(&there)? };
            if row.log.iter().all(|entry| entries.contains(entry)) {
                return Ok(self.roll(row, false));
            }
            if entries.iter().all(|entry| row.log.contains(entry)) {
                shorter = there.get(CHECKSUM).cloned();
            } else {
                // Of two logs of a row at one epoch that are not the same one is below the newest watermark.
                watermark_s = watermark::refreshed(self.environment, self.journal).await?;
            }
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

    /// Puts the log where no segment is, or one below the watermark, or the shorter one that has this checksum.
    async fn put(
        &self,
        row: &RowState,
        youngest_s: u32,
        watermark_s: u64,
        shorter: Option<&AttributeValue>,
    ) -> Result<(), StoreError> {
        let mut placeholders = Placeholders::default();
        let (instance, from) = (placeholders.name(JOURNAL_INSTANCE), placeholders.name(JOURNAL_RECLAIM_FROM));
        let watermark = placeholders.value(number(watermark_s * 1000));
        let mut condition = format!("attribute_not_exists({instance}) OR {from} < {watermark}");
        if let Some(checksum) = shorter {
            let (name, value) = (placeholders.name(CHECKSUM), placeholders.value(checksum.clone()));
            condition.push_str(&format!(" OR {name} = {value}"));
        }
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
