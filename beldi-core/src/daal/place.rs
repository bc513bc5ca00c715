//! Where in a row's log an entry goes, and what must hold of the epoch.

use super::RowState;

/// Where the entry goes, and what must hold of the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Into the log of a row that has no live segments, or none that ended at this epoch or later.
    AppendSince(u64),
    /// Into the log of a row at this epoch.
    AppendAt(u64),
    /// Into a new log.
    Roll(Roll),
}

/// A full log as it was seen, and what the row is after it was split off. All of what was seen is a condition of the
/// roll, so that no entry that came later is lost, and what garbage collection has done since is not undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Roll {
    /// The epoch.
    pub(super) from: u64,
    /// The epoch afterwards.
    pub(super) to: u64,
    /// The first live epoch.
    pub(super) first: u64,
    /// The first live epoch afterwards.
    pub(super) first_to: u64,
    /// The number of entries.
    pub(super) full: usize,
    /// One of the entries: a row that was removed and made again may have as many at the same epoch, but never this.
    pub(super) entry: Vec<u8>,
}

impl Place {
    /// The place of an entry of an instance that has seen the row at epoch `witness`, if at all; `since` is the epoch
    /// of [`Segments`](super::segments::Segments) before which no segment has ended that may have the entry.
    pub(super) fn after(witness: Option<u64>, since: u64) -> Self {
        match witness {
            Some(witness) if witness > 0 => Self::AppendAt(witness),
            _ => Self::AppendSince(since),
        }
    }

    /// Whether the row is at the epoch that was expected, and from which epoch on segments must be searched
    /// if not.
    pub(super) fn expects(&self, row: &RowState) -> (bool, u64) {
        match *self {
            Self::AppendSince(since) => (row.epoch == row.first || row.epoch < since, row.first),
            Self::AppendAt(epoch) | Self::Roll(Roll { from: epoch, .. }) => (row.epoch == epoch, epoch.max(row.first)),
        }
    }

    /// Whether this was the roll of another log than the one that the row has at the same epoch: the row was removed
    /// and made again, or its first live epoch has moved.
    pub(super) fn is_outdated(&self, row: &RowState) -> bool {
        matches!(self, Self::Roll(_)) && !self.rolls(row)
    }

    /// Whether this was the roll of the log as it is.
    pub(super) fn rolls(&self, row: &RowState) -> bool {
        let Self::Roll(roll) = self else { return false };
        roll.full == row.log.len() && roll.first == row.first && row.log.contains(&roll.entry)
    }
}
