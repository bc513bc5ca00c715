//! Rows that one part of a transaction takes over from another (protocol, *Calls in a transaction*).
//!
//! Invariant: a row goes from one part to another that comes later in the program, and to no other: from one that has
//! prepared, or from one that waits for the call and has saved the row for it. What its branches hold it has not.

use std::collections::HashMap;

use super::acquire::{Wanted, base, row_text};
use super::attempt::Try;
use super::view::Base;
use super::{HeldRow, Participant};
use crate::attempt::{Identity, Journal, load_records, read_records};
use crate::daal::{Difference, RowLock, row_name};
use crate::environment::Environment;
use crate::error::{Fault, TransactionFault};
use crate::ids::StepPath;
use crate::store::Attributes;

impl Try {
    /// The instances of this transaction that may have taken the row before, and come before the step.
    pub(super) fn predecessors(&self, wanted: &Wanted<'_>) -> Vec<Vec<u8>> {
        let service = wanted.journal.identity().function.service;
        let row = row_name(wanted.table, wanted.key);
        let state = self.state();
        let known = self.known().iter().filter(|one| {
            one.saved_at.is_none() || state.saved.get(&row).is_some_and(|holders| holders.contains(&one.instance))
        });
        let below = state.calls.prepared_before(wanted.path);
        let ours = known.chain(below).filter(|participant| participant.service == service);
        ours.map(|participant| participant.instance.to_bytes().to_vec()).collect()
    }

    /// Loads what earlier parts of the transaction have changed in this service, and what they have saved, once.
    pub(super) async fn inherit(&self, journal: &Journal) -> Result<(), Fault> {
        let service = journal.identity().function.service;
        let ours = |participant: &&Participant| participant.service == service && !participant.rolled_back;
        if self.known().iter().all(|participant| !ours(&participant)) || self.state().has_inherited {
            return Ok(());
        }
        let (mut inherited, mut saved): (HashMap<String, Difference>, HashMap<String, Vec<_>>) = Default::default();
        for participant in self.known().iter().filter(ours) {
            for row in held_by(journal.environment(), participant).await? {
                if participant.saved_at.is_some() {
                    saved.entry(row.name()).or_default().push(participant.instance);
                }
                if let Some(change) = row.change.clone() {
                    inherited.entry(row.name()).or_default().extend(change);
                }
            }
        }
        let mut state = self.state();
        (state.inherited, state.saved) = (inherited, saved);
        state.has_inherited = true;
        Ok(())
    }

    /// A row that another part of the transaction holds: an earlier attempt has taken it here and handed it over, or
    /// a part that does not come before this step has taken it.
    pub(super) async fn handed_over(
        &self,
        lock: &RowLock<'_>,
        wanted: &Wanted<'_>,
        row: Attributes,
    ) -> Result<Base, Fault> {
        let Identity { function, instance, .. } = wanted.journal.identity();
        let records = load_records(lock.environment, function.service, *instance).await?;
        let recorded = read_records(&records)?;
        let saved = recorded.saved.values().flatten();
        let prepared = recorded.prepared.iter().flat_map(|prepared| &prepared.rows);
        match saved.chain(prepared).any(|held| held.entries.contains(&lock.entry)) {
            true => base(row),
            false => Err(TransactionFault::Branches { row: row_text(wanted) }.into()),
        }
    }
}

/// What a part of the transaction holds in its service: as prepared, or as saved for the call that it waits for.
pub(super) async fn held_by(environment: &Environment, participant: &Participant) -> Result<Vec<HeldRow>, Fault> {
    let records = load_records(environment, &participant.service, participant.instance).await?;
    let mut recorded = read_records(&records)?;
    match &participant.saved_at {
        Some(path) => Ok(recorded.saved.remove(&StepPath::of(path.clone())).unwrap_or_default()),
        None => Ok(recorded.prepared.map(|prepared| prepared.rows).unwrap_or_default()),
    }
}
