//! The segments of one row: former row logs, kept in the journal table of the row's service.

use serde_dynamo::AttributeValue;

use super::log::start_of;
use super::place::Place;
use super::{RowState, row_name};
use crate::attributes::{number, string};
use crate::checksum::{self, Damage};
use crate::environment::Environment;
use crate::error::Fault;
use crate::store::{Attributes, Placeholders, PutItem, QueryItems, StoreError};

/// The row that segments belong to.
pub(super) struct Segments<'a> {
    pub(super) environment: &'a Environment,
    /// The journal table of the row's service.
    pub(super) journal: &'a str,
    pub(super) table: &'a str,
    pub(super) key: &'a Attributes,
}

impl Segments<'_> {
    /// What `find` finds in one of the segments from epoch `from` to before epoch `to`, the youngest first.
    pub(super) async fn find<T>(
        &self,
        from: u64,
        to: u64,
        find: impl Fn(&[Vec<u8>]) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        if from >= to {
            return Ok(None);
        }
        let mut placeholders = Placeholders::default();
        let (instance, record) = (placeholders.name("instance"), placeholders.name("record"));
        let row = placeholders.value(string(row_name(self.table, self.key)));
        let (from, last) = (placeholders.value(number(from)), placeholders.value(number(to - 1)));
        let mut query = QueryItems {
            table: self.journal.to_owned(),
            index: None,
            key_condition: format!("{instance} = {row} AND {record} BETWEEN {from} AND {last}"),
            filter: None,
            placeholders,
            forward: false,
            limit: None,
            start: None,
            consistent: true,
        };
        loop {
            let page = self.environment.store.query(query.clone()).await?;
            for segment in &page.items {
                checksum::verify(segment)?;
                let Some(AttributeValue::Bs(log)) = segment.get("log") else {
                    return Err(Damage::of(segment, "it has no log").into());
                };
                if let Some(found) = find(log) {
                    return Ok(Some(found));
                }
            }
            match page.next {
                Some(next) => query.start = Some(next),
                None => return Ok(None),
            }
        }
    }

    /// Puts the log as a segment, unless nobody needs its entries, and gives the roll that is to follow.
    /// Entries of instances that started before second `watermark_s` are of no use to anybody any more.
    pub(super) async fn prepare_roll(&self, row: &RowState, watermark_s: u32) -> Result<Place, Fault> {
        let to = (row.epoch + 1).max(self.environment.world.now_ms());
        let full = row.log.len();
        let disposable = row.log.iter().all(|entry| start_of(entry) < watermark_s);
        if disposable {
            let first = if row.first == row.epoch { to } else { row.first };
            return Ok(Place::Roll { from: row.epoch, to, first, full });
        }
        // A segment with fewer entries was put before the log went on to grow, under a larger limit.
        let mut placeholders = Placeholders::default();
        let (instance, log) = (placeholders.name("instance"), placeholders.name("log"));
        let seen = placeholders.value(number(full));
        let condition = Some(format!("attribute_not_exists({instance}) OR size({log}) < {seen}"));
        let item = checksum::sealed(Attributes::from([
            ("instance".to_owned(), string(row_name(self.table, self.key))),
            ("record".to_owned(), number(row.epoch)),
            ("log".to_owned(), AttributeValue::Bs(row.log.clone())),
        ]));
        let put = PutItem { table: self.journal.to_owned(), item, condition, placeholders };
        match self.environment.store.put(put).await {
            // A log of this size at this epoch is one and the same, so the segment already there is it.
            Ok(()) | Err(StoreError::ConditionFailed { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Place::Roll { from: row.epoch, to, first: row.first, full })
    }
}
