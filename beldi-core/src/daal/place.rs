//! Where in a row's log an entry goes, and what must hold of the epoch.

use super::RowState;

/// Where the entry goes, and what must hold of the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Into the log of a row without live segments.
    AppendAlone,
    /// Into the log of a row at this epoch.
    AppendAt(u64),
    /// Into a new log: the row at epoch `from` goes to epoch `to`, and `first` is its first live epoch
    /// from then on. `full` is the number of entries that were seen, so none that came later is lost.
    Roll { from: u64, to: u64, first: u64, full: usize },
}

impl Place {
    /// The place of an entry of an instance that has seen the row at epoch `witness`, if at all.
    pub(super) fn after(witness: Option<u64>) -> Self {
        witness.map_or(Self::AppendAlone, Self::AppendAt)
    }

    /// Whether the row is at the epoch that was expected, and from which epoch on segments must be searched
    /// if not.
    pub(super) fn expects(self, row: &RowState) -> (bool, u64) {
        match self {
            Self::AppendAlone => (row.epoch == row.first, row.first),
            Self::AppendAt(epoch) | Self::Roll { from: epoch, .. } => (row.epoch == epoch, epoch.max(row.first)),
        }
    }

    /// Whether this was the roll of a log with so many entries.
    pub(super) fn rolls(self, entries: usize) -> bool {
        matches!(self, Self::Roll { full, .. } if full == entries)
    }
}
