//! The index over what may be reclaimed one day: one entry for each item, in a class and from a time on.
//!
//! Invariant: the entry of an instance that is not done is made with its record 0, and does not move before it is done.
//! An index is eventually consistent, so a reader may miss an entry that moves; this one it cannot.
//!
//! | class | items | from |
//! |---|---|---|
//! | `open` | record 0 of an instance that is not done | its start |
//! | `segment` | a segment of a row's log | the start of its youngest entry |
//! | `done` | record 0 of a done instance that has more to reclaim | its start |
//! | `tombstone` | a tombstone that could not be removed when it was looked at | the start of what is in its way |
//! | `result` | record 0 of a done instance, where the store expires nothing by itself | when it expires |

use crate::attributes::{number, string};
use crate::environment::{Environment, journal_table};
use crate::ids::{InstanceId, digest};
use crate::store::tables::{JOURNAL_RECLAIM, JOURNAL_RECLAIM_FROM, JOURNAL_RECLAIM_INDEX};
use crate::store::{Attributes, Page, Placeholders, QueryItems, StoreError};

/// How many partitions each class is spread over.
pub(super) const SHARDS: u8 = 4;

/// What kind of garbage an item is, or will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Open,
    Segment,
    Done,
    Tombstone,
    Result,
}

impl Class {
    /// The partition of the index with this number.
    pub(super) fn partition(self, shard: u8) -> String {
        let name = match self {
            Self::Open => "open",
            Self::Segment => "segment",
            Self::Done => "done",
            Self::Tombstone => "tombstone",
            Self::Result => "result",
        };
        format!("{name}-{shard}")
    }

    /// The partition of the index that an instance stands in.
    pub(crate) fn of_instance(self, instance: InstanceId) -> String {
        self.partition(instance.to_bytes()[15] % SHARDS)
    }

    /// The partition of the index that the row of this name stands in.
    pub(crate) fn of_row(self, name: &str) -> String {
        let shard = digest(&[name.as_bytes()]) % u128::from(SHARDS);
        self.partition(u8::try_from(shard).expect("a remainder is smaller than its divisor"))
    }
}

/// Puts an item into the index.
pub(crate) fn enter(item: &mut Attributes, partition: String, from_ms: u64) {
    item.insert(JOURNAL_RECLAIM.to_owned(), string(partition));
    item.insert(JOURNAL_RECLAIM_FROM.to_owned(), number(from_ms));
}

/// The first items of one partition of a service, of those from before `before_ms` if it is given.
pub(super) async fn first(
    environment: &Environment,
    service: &str,
    partition: String,
    before_ms: Option<u64>,
    limit: u32,
) -> Result<Page, StoreError> {
    let mut placeholders = Placeholders::default();
    let (name, value) = (placeholders.name(JOURNAL_RECLAIM), placeholders.value(string(partition)));
    let mut key_condition = format!("{name} = {value}");
    if let Some(before_ms) = before_ms {
        let (name, value) = (placeholders.name(JOURNAL_RECLAIM_FROM), placeholders.value(number(before_ms)));
        key_condition.push_str(&format!(" AND {name} < {value}"));
    }
    let query = QueryItems {
        table: journal_table(service),
        index: Some(JOURNAL_RECLAIM_INDEX.to_owned()),
        key_condition,
        filter: None,
        placeholders,
        forward: true,
        limit: Some(limit),
        start: None,
        consistent: false,
    };
    environment.store.query(query).await
}
