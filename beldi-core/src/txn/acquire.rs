//! Taking rows for a transaction: wait-die, and what a try that ends does instead.

use std::sync::Arc;

use serde_dynamo::AttributeValue;

use super::attempt::{Found, Stop, Try, entry_of};
use super::patience::Patience;
use super::view::Base;
use super::{HeldRow, MAX_ROWS, MAX_WRITE_BYTES, TransactionId, holder_text};
use crate::attempt::{Entry, Fingerprint, Identity, Journal, MAX_VALUE_BYTES, Step, Trapped, What};
use crate::attributes::{get_u64, key_text, number, size_of, size_of_all};
use crate::condition::Expression;
use crate::daal::{
    Acquired, Action, Busy, Fenced, Mode, RowKey, RowLock, RowRelease, RowState, row_name, user_attributes,
};
use crate::environment::journal_table;
use crate::error::{Fault, TransactionFault};
use crate::ids::StepPath;
use crate::storable::{MAX_NESTING, is_too_deep};
use crate::store::{Attributes, StoreError};

/// What one step takes.
pub(super) struct Wanted<'a> {
    pub(super) journal: &'a Journal,
    /// The step whose entry is to end the acquisition.
    pub(super) path: &'a StepPath,
    /// The step that takes the row.
    pub(super) by: &'a StepPath,
    pub(super) fingerprint: Fingerprint,
    pub(super) table: &'a str,
    pub(super) key: &'a Attributes,
    pub(super) mode: Mode,
    /// The epoch at which an earlier step of the instance saw the row.
    pub(super) witness: Option<u64>,
    /// Whether there probably is such a row.
    pub(super) present: bool,
}

impl Wanted<'_> {
    /// The row as this step alone holds it.
    fn held(&self, base: &Base) -> HeldRow {
        let (table, key, entries) = (self.table.to_owned(), self.key.clone(), vec![entry_of(self.journal, self.path)]);
        HeldRow { table, key, entries, change: None, epoch: base.epoch, absent: base.item.is_none() }
    }
}

impl Try {
    /// A row as this step sees it, held from now on.
    pub(crate) async fn read(
        self: &Arc<Self>,
        step: &Step,
        table: &str,
        key: &Attributes,
        shared: bool,
    ) -> Result<Option<Attributes>, Fault> {
        let what = What::new("lock", table, key_text(key), &[]);
        self.hold(step, what, table, key, self.mode(shared)).await?;
        self.state().view.current(&row_name(table, key), step.path())
    }

    /// Takes down a write, which becomes visible with the commit. Gives what a plain write gives.
    pub(crate) async fn write(
        self: &Arc<Self>,
        step: &Step,
        what: What,
        (table, key): (&str, &Attributes),
        (actions, deletes): (Vec<Action>, bool),
        condition: Option<&Expression>,
    ) -> Result<AttributeValue, Fault> {
        let row = row_name(table, key);
        self.unless_over(self.check_limits(&row, &actions))?;
        if let Some(condition) = condition {
            self.hold(step, what.clone(), table, key, Mode::Exclusive).await?;
            let current = self.state().view.current(&row, step.path())?;
            if !super::evaluate::holds(condition, current.as_ref()) {
                return Ok(current.map_or(AttributeValue::Null(true), AttributeValue::M));
            }
        }
        let fingerprint = step.fingerprint(what);
        let mut state = self.state();
        state.view.touch(&row, table, key);
        self.unless_over(state.view.write(&row, step.path().clone(), fingerprint, actions, deletes))?;
        Ok(AttributeValue::Bool(true))
    }

    fn check_limits(&self, row: &str, actions: &[Action]) -> Result<(), Fault> {
        let mut state = self.state();
        check_rows(state.view.len() + usize::from(!state.view.contains(row)))?;
        let size = |action: &Action| match action {
            Action::Set(name, value) | Action::SetIfNotExists(name, value) | Action::Append(name, value) => {
                name.len() + size_of(value)
            }
            Action::Add(name, _) | Action::Remove(name) => name.len(),
        };
        state.written_bytes += actions.iter().map(size).sum::<usize>();
        match state.written_bytes > MAX_WRITE_BYTES {
            true => Err(limit("bytes of writes", MAX_WRITE_BYTES, "write less, or in several transactions")),
            false => Ok(()),
        }
    }

    /// Holds a row, unless a step before this one does.
    async fn hold(
        self: &Arc<Self>,
        step: &Step,
        what: What,
        table: &str,
        key: &Attributes,
        mode: Mode,
    ) -> Result<(), Fault> {
        let row = row_name(table, key);
        {
            let state = self.state();
            if state.view.is_held(&row, step.path(), mode) {
                return Ok(());
            }
            self.unless_over(check_rows(state.view.len() + usize::from(!state.view.contains(&row))))?;
        }
        let fingerprint = step.fingerprint(what);
        let (journal, path, witness) = (step.journal(), step.path(), step.witness(&row));
        let present = true;
        let by = path;
        let epoch = self.take(Wanted { journal, path, by, fingerprint, table, key, mode, witness, present }).await?;
        step.saw(row, epoch);
        Ok(())
    }

    /// Takes a row, as recorded or now. Gives its epoch.
    pub(super) async fn take(&self, wanted: Wanted<'_>) -> Result<u64, Fault> {
        let journal = wanted.journal;
        if let Some(value) = journal.replay(wanted.path, &wanted.fingerprint)? {
            let base = decode(&value).ok_or_else(unreadable)?;
            if self.is_ending() {
                let recorded = wanted.held(&base);
                self.state().recorded.push(Found::Row(recorded));
            }
            return Ok(self.took(&wanted, base));
        }
        if self.is_over() && !self.is_ending() {
            return Err(Fault::Over);
        }
        if !self.is_ending() {
            journal.flush(Some((wanted.path, &wanted.fingerprint))).await?;
        }
        self.inherit(journal).await?;
        let base = self.take_now(&wanted).await.inspect_err(|fault| self.notes(fault))?;
        if self.is_ending() {
            // Also a row that no journal can hold is let go.
            let found = wanted.held(&base);
            self.state().found.push(Found::Row(found));
            return Ok(self.took(&wanted, base));
        }
        let allowed = unless_unfit(&wanted, &base);
        if allowed.is_ok() {
            let (path, fingerprint, value) = (wanted.path.clone(), wanted.fingerprint.clone(), encode(&base));
            let entry = Entry { path, fingerprint, value };
            journal.tape().note(&entry);
            self.state().entries.push(entry);
        }
        let epoch = self.took(&wanted, base);
        allowed.map(|()| epoch)
    }

    fn took(&self, wanted: &Wanted<'_>, mut base: Base) -> u64 {
        let row = row_name(wanted.table, wanted.key);
        let mut state = self.state();
        let epoch = base.epoch;
        if let Some(difference) = state.inherited.get(&row) {
            base.item = difference.over(base.item.unwrap_or_else(|| wanted.key.clone()));
        }
        let entry = entry_of(wanted.journal, wanted.path);
        let steps = (wanted.path.clone(), wanted.by.clone());
        state.view.touch(&row, wanted.table, wanted.key).taken(steps, entry, wanted.mode, base);
        epoch
    }

    async fn take_now(&self, wanted: &Wanted<'_>) -> Result<Base, Fault> {
        let journal = wanted.journal;
        let environment = journal.environment();
        let table = journal_table(journal.identity().function.service);
        let id = self.id(journal);
        let held = self.state().view.entries(&row_name(wanted.table, wanted.key));
        let lock = RowLock {
            environment,
            journal: &table,
            table: wanted.table,
            key: wanted.key,
            entry: entry_of(journal, wanted.path),
            held,
            owner: id.to_bytes(),
            holder: journal.identity().instance.to_bytes().to_vec(),
            predecessors: self.predecessors(wanted),
            mode: wanted.mode,
        };
        let (mut patience, mut witness) = (Patience::new(journal), wanted.witness);
        loop {
            if self.is_ending() {
                return self.end(&lock, witness).await;
            }
            let acquired = tokio::select! {
                biased;
                () = self.ending.cancelled() => continue,
                acquired = lock.acquire(witness, wanted.present) => acquired?,
            };
            let Busy { holders, epoch } = match acquired {
                Acquired::Held(row) => return base(row),
                Acquired::Ended => return Err(Fault::Superseded),
                Acquired::Elsewhere(row) => match self.handed_over(&lock, wanted, row).await {
                    // The try was stopped meanwhile, and the row is still to be ended.
                    _ if self.is_ending() => continue,
                    handed_over => return handed_over,
                },
                Acquired::Busy(busy) => busy,
            };
            witness = Some(epoch);
            // A lock of another branch is waited for: that one goes on without this one, and unlocks the row.
            let row = row_name(wanted.table, wanted.key);
            if holders.contains(&self.own_lock(journal, &id)) && journal.guards().is_held_before(&row, wanted.path) {
                return Err(TransactionFault::OwnLock { row: row_text(wanted) }.into());
            }
            self.wait_or_die(&id, wanted, &holders, &mut patience).await?;
        }
    }

    /// What this instance's `beldi::lock` leaves in a row.
    fn own_lock(&self, journal: &Journal, id: &TransactionId) -> Vec<u8> {
        let Identity { function, instance, .. } = journal.identity();
        let service = function.service.to_owned();
        let start_ms = if self.is_participant() { id.start_ms } else { journal.start_ms() };
        TransactionId { service, instance: *instance, start_ms, path: Vec::new() }.to_bytes()
    }

    /// What a try that ends does instead of taking a row: if another attempt of it has taken the row, follows it;
    /// otherwise sees to it that none ever will.
    async fn end(&self, lock: &RowLock<'_>, witness: Option<u64>) -> Result<Base, Fault> {
        let RowLock { environment, journal, table, key, entry, owner, .. } = lock;
        let entries = std::slice::from_ref(entry);
        let (owner, absent, change) = (owner.clone(), false, None);
        let release = RowRelease { environment, journal, table, key, entries, owner, absent, change };
        match release.fence(witness).await? {
            Fenced::Held(row) => base(row),
            Fenced::Ended { tombstone } => {
                self.leaves(tombstone.then(|| RowKey { table: (*table).to_owned(), key: (*key).clone() }));
                Err(Fault::Over)
            }
        }
    }

    /// Wait-die: who is older waits, who is younger dies. A coordinator that holds nothing may wait for anybody.
    async fn wait_or_die(
        &self,
        id: &TransactionId,
        wanted: &Wanted<'_>,
        holders: &[Vec<u8>],
        patience: &mut Patience,
    ) -> Result<(), Fault> {
        let (row, holder) = (row_text(wanted), holders.first().map_or_else(String::new, |lock| holder_text(lock)));
        let older = holders.iter().all(|holder| id.is_older_than(holder));
        if !self.holds_nothing() && (!older || patience.waited() >= self.max_wait) {
            return self.die(Fault::Died { row, holder }).await;
        }
        tokio::select! {
            biased;
            () = self.ending.cancelled() => Ok(()),
            outcome = patience.wait(wanted.journal.environment(), &row, holders) => outcome,
        }
    }

    /// The try cannot go on. Whoever drives it decides that; this step then finds out whether another attempt of the
    /// try has come further.
    pub(super) async fn die(&self, trapped: impl Into<Trapped>) -> Result<(), Fault> {
        self.stop(Stop::new(trapped.into()));
        self.ending.cancelled().await;
        Ok(())
    }

    fn holds_nothing(&self) -> bool {
        let state = self.state();
        !self.is_participant() && !state.view.holds_any() && state.calls.is_empty()
    }
}

/// Refuses a row that is more than a journal can hold.
fn unless_unfit(wanted: &Wanted<'_>, base: &Base) -> Result<(), Fault> {
    let Some(item) = &base.item else { return Ok(()) };
    let (row, bytes) = (row_text(wanted), size_of_all(item));
    if bytes > MAX_VALUE_BYTES {
        return Err(Fault::TooLarge {
            what: format!("the row `{row}`, read in a transaction,"),
            bytes,
            limit: MAX_VALUE_BYTES,
            remedy: "keep rows that transactions touch smaller, with what is large in rows of their own",
        });
    }
    if item.values().any(|value| is_too_deep(value, MAX_NESTING)) {
        let message = format!("the row `{row}` is nested deeper than {MAX_NESTING} levels, and cannot be journaled");
        return Err(Fault::Unstorable(StoreError::Invalid { table: wanted.table.to_owned(), message }));
    }
    Ok(())
}

fn check_rows(rows: usize) -> Result<(), Fault> {
    match rows > MAX_ROWS {
        true => Err(limit("rows", MAX_ROWS, "touch fewer, or in several transactions")),
        false => Ok(()),
    }
}

pub(super) fn limit(what: &'static str, limit: usize, remedy: &'static str) -> Fault {
    TransactionFault::Limit { what, limit, remedy }.into()
}

pub(super) fn row_text(wanted: &Wanted<'_>) -> String {
    format!("{} {}", wanted.table, key_text(wanted.key))
}

pub(super) fn base(row: Attributes) -> Result<Base, Fault> {
    let epoch = RowState::of(Some(&row))?.epoch;
    Ok(Base { item: user_attributes(Some(row)), epoch })
}

fn encode(base: &Base) -> AttributeValue {
    let mut map = Attributes::from([("epoch".to_owned(), number(base.epoch))]);
    if let Some(item) = &base.item {
        map.insert("item".to_owned(), AttributeValue::M(item.clone()));
    }
    AttributeValue::M(map)
}

fn decode(value: &AttributeValue) -> Option<Base> {
    let AttributeValue::M(map) = value else { return None };
    let item = match map.get("item") {
        Some(AttributeValue::M(item)) => Some(item.clone()),
        _ => None,
    };
    Some(Base { item, epoch: get_u64(map, "epoch")? })
}

pub(super) fn unreadable() -> Fault {
    crate::data::DataError::foreign("a recorded step of a transaction", std::fmt::Error).into()
}
