//! The epochs at which a run has seen rows.
//!
//! Invariant: the witness of a write is that of a read that comes *before it in the program*. A read in
//! another branch of a `join!` is no witness: in another attempt it may come after the write, and then it
//! would hide the segment that holds the write's entry (protocol, section 4).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::ids::StepPath;

#[derive(Default)]
pub(super) struct Witnesses {
    rows: Mutex<HashMap<String, Vec<(StepPath, u64)>>>,
}

impl Witnesses {
    pub(super) fn saw(&self, row: String, step: StepPath, epoch: u64) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.entry(row).or_default().push((step, epoch));
    }

    /// The latest epoch that a step before `step` saw.
    pub(super) fn before(&self, row: &str, step: &StepPath) -> Option<u64> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = rows.get(row)?.iter().filter(|(earlier, _)| earlier.precedes(step));
        seen.map(|(_, epoch)| *epoch).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_in_another_branch_is_no_witness() {
        let witnesses = Witnesses::default();
        let path = |text: &str| text.parse::<StepPath>().expect("a path");
        witnesses.saw("row".into(), path("2.0.1"), 7);
        assert_eq!(witnesses.before("row", &path("2.1.2")), None);
        assert_eq!(witnesses.before("row", &path("2.0.2")), Some(7));
        assert_eq!(witnesses.before("row", &path("3")), Some(7));
        assert_eq!(witnesses.before("other", &path("3")), None);
    }
}
