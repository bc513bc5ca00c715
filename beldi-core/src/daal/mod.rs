//! The linked DAAL: rows whose log says which steps have changed them.
//!
//! Invariants kept here (protocol, sections 2 and 4): *once* (a change and its log entry are one atomic
//! update, on the condition that no entry of the step is there) and *one place* (an entry is in the row's
//! log or in one segment of that row). A row log never holds more than `N` entries, and a few more where one
//! release ends several acquisitions. Rows that somebody holds are changed by nobody else (section 6).

use serde_dynamo::AttributeValue;

mod lock;
mod log;
mod place;
mod prune;
mod release;
mod row;
mod segments;
mod update;
mod write;

use crate::store::Attributes;

pub(crate) use lock::{Acquired, Busy, Mode, RowLock};
#[cfg(feature = "fuzzing")]
pub(crate) use log::start_of;
pub(crate) use log::{EntryKey, youngest};
pub(crate) use prune::RowPruner;
pub(crate) use release::{Difference, Fenced, RowRelease};
pub(crate) use row::{RowKey, RowState, row_name, user_attributes};
pub(crate) use write::{RowWriter, Written};

/// The row log: a binary set of at most `N` entries.
pub(crate) const LOG: &str = "_beldi_log";
/// The epoch: grows each time a segment is split off. Absent is 0.
pub(crate) const EPOCH: &str = "_beldi_epoch";
/// The first epoch whose segment is still there, or the epoch itself. Absent is 0.
pub(crate) const FIRST: &str = "_beldi_first";
/// The tombstone mark of a row that was deleted, or that holds nothing but a log.
pub(crate) const DELETED: &str = "_beldi_deleted";

/// The record number under a row's name that no epoch reaches: the item that stands for its tombstone.
pub(crate) const TOMBSTONE_RECORD: u64 = u64::MAX;

/// The lock: the transaction that holds the row alone.
pub(crate) const LOCK: &str = "_beldi_lock";
/// The instance that took the lock for its transaction.
pub(crate) const HOLDER: &str = "_beldi_lock_holder";
/// The acquisitions that hold the row, of one owner or, if there is no lock, of several: a binary set.
pub(crate) const HOLDS: &str = "_beldi_holds";

/// DynamoDB's limit for one item, less what a row log and locks may take.
pub(crate) const MAX_ITEM_BYTES: usize = 400 * 1024 - 8 * 1024;

/// A change of one row by one step: what to set, add and remove, and the user's condition.
///
/// Expressions are rendered from this for every try, because append and roll differ in all but the change.
#[derive(Debug, Clone)]
pub(crate) struct RowChange {
    /// The table.
    pub(crate) table: String,
    /// The journal table of the table's service, where the segments are.
    pub(crate) journal: String,
    /// The key attributes.
    pub(crate) key: Attributes,
    /// The actions, in the order of the update expression.
    pub(crate) actions: Vec<Action>,
    /// The user's condition.
    pub(crate) condition: Option<crate::condition::Expression>,
    /// Whether the row is gone afterwards.
    pub(crate) deletes: bool,
}

/// One action of an update expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// `SET name = value`
    Set(String, AttributeValue),
    /// `SET name = if_not_exists(name, value)`
    SetIfNotExists(String, AttributeValue),
    /// `SET name = list_append(if_not_exists(name, empty), values)`
    Append(String, AttributeValue),
    /// `ADD name value`
    Add(String, AttributeValue),
    /// `REMOVE name`
    Remove(String),
}

impl Action {
    /// The attribute that is changed.
    pub(crate) fn attribute(&self) -> &str {
        match self {
            Self::Set(name, _)
            | Self::SetIfNotExists(name, _)
            | Self::Append(name, _)
            | Self::Add(name, _)
            | Self::Remove(name) => name,
        }
    }
}
