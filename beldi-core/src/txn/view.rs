//! What one function sees of rows in a transaction: their values as held, with its own writes.
//!
//! Invariant: what a step sees, and which rows it takes, depends only on the steps before it in the program, never on how
//! branches of a `join!` happen to advance. So two attempts see and take the same. Branches that both write one row have
//! no order, and are refused.

use std::collections::{BTreeMap, BTreeSet};

use serde_dynamo::AttributeValue;

use super::evaluate::apply;
use super::record::HeldRow;
use crate::attempt::Fingerprint;
use crate::attributes::{key_text, size_of_all};
use crate::daal::{Action, Difference, MAX_ITEM_BYTES, Mode};
use crate::error::{Fault, TransactionFault};
use crate::ids::StepPath;
use crate::store::{Attributes, StoreError};

/// The most attributes of a row that one transaction changes: DynamoDB takes no update whose text is longer than 4 KB.
const MAX_CHANGED_ATTRIBUTES: usize = 250;

/// The rows that one try has touched, by their names.
#[derive(Default)]
pub(super) struct View {
    rows: BTreeMap<String, RowView>,
    /// The prefixes of inner blocks that were rolled back.
    rolled_back: Vec<Vec<u32>>,
}

/// One row.
pub(super) struct RowView {
    pub(super) table: String,
    pub(super) key: Attributes,
    /// The row as it was when it was taken.
    base: Option<Base>,
    acquisitions: Vec<Acquisition>,
    writes: Vec<Write>,
    /// The entries of acquisitions of participants of this service, and the epoch that they saw.
    adopted: Vec<Vec<u8>>,
    adopted_epoch: u64,
}

/// What a row was when it was taken.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Base {
    /// The user's attributes, if there is a row.
    pub(super) item: Option<Attributes>,
    pub(super) epoch: u64,
}

#[derive(Clone)]
struct Acquisition {
    /// The step whose entry ends it.
    path: StepPath,
    /// The step that has taken the row: for a row that was only written, the call that came after the write.
    by: StepPath,
    entry: Vec<u8>,
    mode: Mode,
}

struct Write {
    path: StepPath,
    fingerprint: Option<Fingerprint>,
    change: Change,
}

enum Change {
    Own { actions: Vec<Action>, deletes: bool },
    Adopted(Difference),
}

/// A row that is written and must be taken before the decision.
pub(super) struct Unheld {
    pub(super) table: String,
    pub(super) key: Attributes,
    pub(super) path: StepPath,
    pub(super) fingerprint: Fingerprint,
    /// Whether there probably is such a row: one that is put without having been read is probably new.
    pub(super) present: bool,
}

impl View {
    /// How many rows were touched. Those that only participants have read count on their side.
    pub(super) fn len(&self) -> usize {
        self.rows.values().filter(|row| row.is_touched()).count()
    }

    pub(super) fn contains(&self, row: &str) -> bool {
        self.rows.get(row).is_some_and(RowView::is_touched)
    }

    /// The row, touched now.
    pub(super) fn touch(&mut self, row: &str, table: &str, key: &Attributes) -> &mut RowView {
        self.rows.entry(row.to_owned()).or_insert_with(|| RowView {
            table: table.to_owned(),
            key: key.clone(),
            base: None,
            acquisitions: Vec::new(),
            writes: Vec::new(),
            adopted: Vec::new(),
            adopted_epoch: 0,
        })
    }

    /// Whether a step before `at` has taken the row in this mode, or a stronger one.
    pub(super) fn is_held(&self, row: &str, at: &StepPath, mode: Mode) -> bool {
        self.rows.get(row).is_some_and(|row| row.is_held(at, mode))
    }

    /// Whether any row is held.
    pub(super) fn holds_any(&self) -> bool {
        self.rows.values().any(|row| !row.acquisitions.is_empty() || row.is_changed_by_others())
    }

    /// The entries of the acquisitions by which the row is known to be held.
    pub(super) fn entries(&self, row: &str) -> Vec<Vec<u8>> {
        let Some(row) = self.rows.get(row) else { return Vec::new() };
        row.acquisitions.iter().map(|taken| &taken.entry).chain(&row.adopted).cloned().collect()
    }

    /// Undoes what the steps below `prefix` have written.
    pub(super) fn roll_back(&mut self, prefix: Vec<u32>) {
        self.rolled_back.push(prefix);
    }

    pub(super) fn is_rolled_back(&self, path: &StepPath) -> bool {
        self.rolled_back.iter().any(|prefix| path.is_below(prefix))
    }

    /// The row as step `at` sees it; `None` if there is no such row.
    pub(super) fn current(&self, row: &str, at: &StepPath) -> Result<Option<Attributes>, Fault> {
        let Some(row) = self.rows.get(row) else { return Ok(None) };
        row.fold(|write| write.path.precedes(at) && !self.is_rolled_back(&write.path))
    }

    /// Remembers a write of step `path`.
    pub(super) fn write(
        &mut self,
        row: &str,
        path: StepPath,
        fingerprint: Fingerprint,
        actions: Vec<Action>,
        deletes: bool,
    ) -> Result<(), Fault> {
        self.push(row, Write { path, fingerprint: Some(fingerprint), change: Change::Own { actions, deletes } })
    }

    /// Takes over what a participant of this service has left, which was called by step `path`: whoever takes the lock
    /// off ends all acquisitions, also of those that have only read the row.
    pub(super) fn adopt(&mut self, path: &StepPath, row: &HeldRow) -> Result<(), Fault> {
        let name = row.name();
        let view = self.touch(&name, &row.table, &row.key);
        view.adopted.extend(row.entries.iter().cloned());
        view.adopted_epoch = row.epoch;
        let Some(difference) = row.change.clone() else { return Ok(()) };
        let change = Change::Adopted(difference);
        self.push(&name, Write { path: path.clone(), fingerprint: None, change })
    }

    fn push(&mut self, row: &str, write: Write) -> Result<(), Fault> {
        let rolled_back = std::mem::take(&mut self.rolled_back);
        let view = self.rows.get_mut(row).expect("a row is touched before it is written");
        let lives = |other: &Write| !rolled_back.iter().any(|prefix| other.path.is_below(prefix));
        // What participants of one call have left follows in their order.
        let before = |other: &Write| other.path.precedes(&write.path) || other.path == write.path;
        let beside = view.writes.iter().filter(|other| lives(other)).any(|other| !before(other));
        let row = format!("{} {}", view.table, key_text(&view.key));
        view.writes.push(write);
        self.rolled_back = rolled_back;
        if beside { Err(TransactionFault::Branches { row }.into()) } else { Ok(()) }
    }

    /// Whether step `path` has an acquisition of the row; then `by` has it too.
    pub(super) fn shares(&mut self, row: &str, path: &StepPath, by: &StepPath) -> bool {
        let Some(row) = self.rows.get_mut(row) else { return false };
        let Some(taken) = row.acquisitions.iter().find(|taken| taken.path == *path) else { return false };
        let taken = Acquisition { by: by.clone(), ..taken.clone() };
        row.acquisitions.push(taken);
        true
    }

    /// The rows that are written and not held alone by steps before `at`, or by any if it is not given.
    pub(super) fn unheld(&self, at: Option<&StepPath>) -> Vec<Unheld> {
        let precedes = |path: &StepPath| at.is_none_or(|at| path.precedes(at));
        let rows = self.rows.values().filter_map(|row| {
            let counts = |write: &&Write| !self.is_rolled_back(&write.path) && precedes(&write.path);
            let first = row.writes.iter().filter(counts).find(|write| write.fingerprint.is_some())?;
            let handed_over = row.writes.iter().any(|write| write.is_adopted() && precedes(&write.path));
            let mut taken = row.acquisitions.iter().filter(|taken| precedes(&taken.by));
            let held = taken.any(|taken| handed_over || taken.mode == Mode::Exclusive);
            let Change::Own { actions, deletes } = &first.change else { return None };
            let puts = !deletes && first.fingerprint.as_ref().is_some_and(|print| print.what.kind == "put");
            (!held).then(|| Unheld {
                table: row.table.clone(),
                key: row.key.clone(),
                path: first.path.clone(),
                fingerprint: first.fingerprint.clone().expect("found by its fingerprint"),
                present: !puts || actions.is_empty(),
            })
        });
        rows.collect()
    }

    /// The rows that are held, with what a commit changes, as far as steps before `at` have touched them.
    pub(super) fn held(&self, at: Option<&StepPath>) -> Result<Vec<HeldRow>, Fault> {
        let counts = |path: &StepPath| at.is_none_or(|at| path.precedes(at));
        let held = self.rows.values().filter_map(|row| {
            let held = row.held(counts)?;
            let change = row.difference(|write| counts(&write.path) && !self.is_rolled_back(&write.path));
            Some(change.map(|change| HeldRow { change, ..held }))
        });
        held.collect()
    }

    /// The rows that this function itself holds, without changes. What participants hold they let go when they are told.
    pub(super) fn held_unchanged(&self) -> Vec<HeldRow> {
        let own = self.rows.values().filter(|row| !row.acquisitions.is_empty());
        own.filter_map(|row| row.held(|_| true)).collect()
    }
}

impl Write {
    /// Whether a participant of this service has made it, and so has left the row held alone.
    fn is_adopted(&self) -> bool {
        matches!(self.change, Change::Adopted(_))
    }
}

impl RowView {
    fn is_held(&self, at: &StepPath, mode: Mode) -> bool {
        let enough = |taken: &Acquisition| mode == Mode::Shared || taken.mode == Mode::Exclusive;
        self.acquisitions.iter().any(|taken| enough(taken) && taken.by.precedes(at))
    }

    /// Whether there was no such row when it was taken.
    fn is_absent(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.item.is_none())
    }

    /// Whether the row is held here, or changed.
    fn is_touched(&self) -> bool {
        !self.acquisitions.is_empty() || !self.writes.is_empty()
    }

    /// Whether a participant of this service has changed the row.
    fn is_changed_by_others(&self) -> bool {
        self.writes.iter().any(Write::is_adopted)
    }

    /// Remembers that step `by` has taken the row, which was `base`, with the entry of step `path`.
    pub(super) fn taken(&mut self, (path, by): (StepPath, StepPath), entry: Vec<u8>, mode: Mode, base: Base) {
        self.acquisitions.push(Acquisition { path, by, entry, mode });
        self.base.get_or_insert(base);
    }

    /// How the row is held by the steps that count, without a change. What participants alone hold, and have not changed,
    /// is left to them.
    fn held(&self, counts: impl Fn(&StepPath) -> bool) -> Option<HeldRow> {
        let own: BTreeSet<_> =
            self.acquisitions.iter().filter(|taken| counts(&taken.path)).map(|taken| &taken.entry).collect();
        if own.is_empty() && !self.is_changed_by_others() {
            return None;
        }
        let entries: Vec<_> = own.into_iter().chain(&self.adopted).cloned().collect();
        let epoch = self.base.as_ref().map_or(self.adopted_epoch, |base| base.epoch);
        let (table, key, absent) = (self.table.clone(), self.key.clone(), self.is_absent());
        Some(HeldRow { table, key, entries, change: None, epoch, absent })
    }

    /// The row after those writes that count.
    fn fold(&self, counts: impl Fn(&Write) -> bool) -> Result<Option<Attributes>, Fault> {
        let mut item = self.base.as_ref().and_then(|base| base.item.clone());
        for write in self.writes.iter().filter(|write| counts(write)) {
            let before = item.take().unwrap_or_else(|| self.key.clone());
            item = match &write.change {
                Change::Own { actions, deletes } => {
                    let after = apply(&self.table, &before, actions)?;
                    (!deletes).then_some(after)
                }
                Change::Adopted(difference) => difference.over(before),
            };
        }
        Ok(item)
    }

    /// What those writes that count change, together.
    fn difference(&self, counts: impl Fn(&Write) -> bool) -> Result<Option<Difference>, Fault> {
        let mut writes = self.writes.iter().filter(|write| counts(write)).peekable();
        if writes.peek().is_none() {
            return Ok(None);
        }
        let item = self.fold(&counts)?;
        if item.as_ref().is_some_and(|item| size_of_all(item) > MAX_ITEM_BYTES) {
            return Err(Fault::Unstorable(StoreError::ItemTooLarge { table: self.table.clone() }));
        }
        let touched = writes.flat_map(|write| -> Vec<&str> {
            match &write.change {
                Change::Own { actions, .. } => actions.iter().map(Action::attribute).collect(),
                Change::Adopted(difference) => difference.attributes.keys().map(String::as_str).collect(),
            }
        });
        let value = |name: &str| item.as_ref().and_then(|item| item.get(name)).cloned();
        let attributes: BTreeMap<String, Option<AttributeValue>> =
            touched.map(|name| (name.to_owned(), value(name))).collect();
        // A removal takes half of the text.
        if attributes.len() > MAX_CHANGED_ATTRIBUTES * (1 + usize::from(item.is_none())) {
            let message = format!("a transaction changes at most {MAX_CHANGED_ATTRIBUTES} attributes of a row");
            return Err(Fault::Unstorable(StoreError::Invalid { table: self.table.clone(), message }));
        }
        Ok(Some(Difference { attributes, deletes: item.is_none() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::{number, string};

    /// A decision over more could not be carried out.
    #[test]
    fn a_commit_changes_as_many_attributes_as_one_update_can() {
        let changed = |attributes: usize| {
            let attributes = (0..attributes).map(|name| (format!("a{name}"), Some(number(1)))).collect();
            let change = Some(Difference { attributes, deletes: false });
            let key = Attributes::from([("number".to_owned(), string("1"))]);
            let (table, entries) = ("rooms".to_owned(), vec![vec![1]]);
            let mut view = View::default();
            let row = HeldRow { table, key, entries, change, epoch: 0, absent: false };
            view.adopt(&"1".parse().expect("a path"), &row).expect("nobody else writes it");
            view.held(None)
        };
        assert!(changed(MAX_CHANGED_ATTRIBUTES).is_ok());
        let refused = changed(MAX_CHANGED_ATTRIBUTES + 1).expect_err("one too many");
        assert!(matches!(refused, Fault::Unstorable(_)), "{refused}");
    }
}
