//! One try of a transaction, or the part that one function takes in one.
//!
//! Invariant: once a try is decided, no step of it sends anything but what ends it. A step that another attempt may
//! have taken is ended or followed; so what any attempt of the try holds is found (protocol, section 6).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_dynamo::AttributeValue;
use tokio_util::sync::CancellationToken;

use super::call::Calls;
use super::record::{Decision, HeldRow, Outcome};
use super::view::View;
use super::{HeldCall, Participant, TransactionContext, TransactionId};
use crate::attempt::{Entry, Fingerprint, Identity, Journal, Trapped};
use crate::daal::{Difference, EntryKey, Mode, RowKey};
use crate::error::{Divergence, Fault};
use crate::ids::{InstanceId, StepPath};

/// One try.
pub(crate) struct Try {
    /// The path of the try, below which its steps are; empty for a participant.
    pub(super) prefix: Vec<u32>,
    /// The transaction that this function was called in.
    joined: Option<TransactionContext>,
    pub(super) max_wait: Duration,
    /// Whether its reads share rows with others.
    mode: Mode,
    /// Whether the journal has its decision.
    decided: bool,
    /// Cancelled when all that is left is to find what any attempt of it holds.
    pub(super) ending: CancellationToken,
    /// How many steps are being executed.
    busy: Arc<AtomicUsize>,
    /// Whether a step was refused, before or after the try was stopped.
    refused: AtomicBool,
    state: Mutex<State>,
}

/// What steps have observed, by their paths.
pub(super) type Observed = HashMap<StepPath, (Fingerprint, AttributeValue)>;

/// What the steps of a try share.
#[derive(Default)]
pub(super) struct State {
    pub(super) view: View,
    /// What earlier parts of the transaction in this service have changed.
    pub(super) inherited: HashMap<String, Difference>,
    /// Who of them waits for this call and has saved a row for it, by the name of the row.
    pub(super) saved: HashMap<String, Vec<InstanceId>>,
    pub(super) has_inherited: bool,
    pub(super) written_bytes: usize,
    /// What steps saw of held rows and participants: for the decision record.
    pub(super) entries: Vec<Entry>,
    pub(super) calls: Calls,
    /// What steps have observed in this attempt, by their paths: a body that is run once more sees the same.
    pub(super) observed: Observed,
    pub(super) detached: Vec<(StepPath, HeldCall)>,
    /// What a walk has found, in this order.
    pub(super) found: Vec<Found>,
    /// What a walk has passed that is recorded.
    pub(super) recorded: Vec<Found>,
    /// Why a participant could not be fenced, so that the walk is not over.
    pub(super) unfenced: Option<Fault>,
    /// The rows that ending it has left as tombstones.
    tombstones: Vec<RowKey>,
    stop: Option<Stop>,
}

/// What other attempts of a try hold, and no record of it names.
pub(super) enum Found {
    Row(HeldRow),
    /// A participant that has prepared, and what is below it.
    Participant(Participant),
}

/// Why a try was stopped.
pub(crate) struct Stop {
    trapped: Option<Trapped>,
}

impl State {
    /// The participants that a walk has found.
    pub(super) fn passed(&self) -> Vec<InstanceId> {
        let participant = |found: &Found| match found {
            Found::Participant(participant) => Some(participant.instance),
            Found::Row(_) => None,
        };
        self.found.iter().filter_map(participant).collect()
    }
}

impl Found {
    fn is_named_in(&self, decision: &Decision) -> bool {
        match self {
            Self::Row(row) => decision.rows.iter().any(|named| named.entries.contains(&row.entries[0])),
            Self::Participant(one) => decision.participants.iter().any(|named| named.instance == one.instance),
        }
    }
}

impl Stop {
    pub(crate) fn new(trapped: Trapped) -> Self {
        Self { trapped: Some(trapped) }
    }
}

/// Counts a step as being executed, until it is dropped.
pub(crate) struct Busy(Arc<AtomicUsize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Try {
    /// A try of the transaction at `prefix`; `decided` says that the journal has its decision.
    pub(super) fn of_coordinator(prefix: Vec<u32>, max_wait: Duration, mode: Mode, decided: bool) -> Self {
        Self::new(prefix, None, max_wait, mode, decided)
    }

    /// The part that a function takes in the transaction that it was called in. A `read_only` one shares its rows.
    pub(crate) fn of_participant(joined: TransactionContext, read_only: bool) -> Self {
        let max_wait = Duration::from_millis(joined.max_wait_ms);
        let mode = if read_only { Mode::Shared } else { Mode::Exclusive };
        Self::new(Vec::new(), Some(joined), max_wait, mode, false)
    }

    fn new(
        prefix: Vec<u32>,
        joined: Option<TransactionContext>,
        max_wait: Duration,
        mode: Mode,
        decided: bool,
    ) -> Self {
        let (ending, busy, state) = (CancellationToken::new(), Arc::default(), Mutex::default());
        Self { prefix, joined, max_wait, mode, decided, ending, busy, refused: AtomicBool::new(false), state }
    }

    /// The name of the try. Only after the intent is durable is it the same in all attempts.
    pub(super) fn id(&self, journal: &Journal) -> TransactionId {
        match &self.joined {
            Some(joined) => joined.id.clone(),
            None => {
                let Identity { function, instance, .. } = journal.identity();
                let (service, path) = (function.service.to_owned(), self.prefix.clone());
                TransactionId { service, instance: *instance, start_ms: journal.start_ms(), path }
            }
        }
    }

    /// How a read holds its row: `shared` if the step asks for it, or if the whole try reads only.
    pub(super) fn mode(&self, shared: bool) -> Mode {
        if shared { Mode::Shared } else { self.mode }
    }

    pub(super) fn is_participant(&self) -> bool {
        self.joined.is_some()
    }

    /// The parts of the transaction that were there before this function was called.
    pub(super) fn known(&self) -> &[Participant] {
        self.joined.as_ref().map_or(&[], |joined| &joined.known)
    }

    /// Counts a step as being executed.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(&self.busy))
    }

    /// Whether no step is being executed: those that are pending stay so.
    pub(super) fn is_idle(&self) -> bool {
        self.busy.load(Ordering::Relaxed) == 0
    }

    /// Whether nothing new may be observed: what is not recorded was not seen by any attempt that went on.
    pub(crate) fn is_over(&self) -> bool {
        self.decided || self.is_ending()
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }

    /// Whether an operator has the transaction rolled back by a program that is not the one which began it.
    pub(crate) fn is_given_up(&self, journal: &Journal, fault: &Fault) -> bool {
        matches!(fault, Fault::Diverged(_)) && journal.identity().roll_back && !self.is_participant()
    }

    /// Stops the try. While it is ending, what stops it only says how far it came.
    pub(crate) fn stop(&self, stop: Stop) {
        if !self.is_over() {
            stop.trapped.iter().for_each(|trapped| self.notes(&trapped.fault));
            self.state().stop.get_or_insert(stop);
        }
    }

    /// Notes that a step was refused, if this is why it comes no further. A step that asks for several rows may still
    /// wait for others then.
    pub(super) fn notes(&self, fault: &Fault) {
        self.refused.fetch_or(fault.may_be_passed() && !self.is_over(), Ordering::Relaxed);
    }

    /// Whether a step was refused: its branch comes no further.
    pub(super) fn was_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Why the try cannot go on, if it cannot: it was stopped, or it is over and nothing moves any more.
    pub(crate) fn stopped(&self) -> Option<Trapped> {
        if let Some(trapped) = self.state().stop.take().and_then(|stop| stop.trapped) {
            return Some(trapped);
        }
        (self.is_over() && self.is_idle()).then(|| Fault::Over.into())
    }

    /// Notes what a step has observed.
    pub(crate) fn observes(&self, path: &StepPath, fingerprint: &Fingerprint, value: &AttributeValue) {
        self.state().observed.insert(path.clone(), (fingerprint.clone(), value.clone()));
    }

    /// What the same step has observed before, when its body was run first.
    pub(crate) fn has_observed(&self, path: &StepPath, asked: &Fingerprint) -> Option<AttributeValue> {
        let state = self.state();
        state.observed.get(path).filter(|(fingerprint, _)| fingerprint == asked).map(|(_, value)| value.clone())
    }

    /// Refuses what is not allowed, unless the try is over: another attempt, whose branches advanced in another order, may
    /// have come past this step before it met its limit.
    pub(super) fn unless_over(&self, allowed: Result<(), Fault>) -> Result<(), Fault> {
        if self.is_over() { Ok(()) } else { allowed.inspect_err(|fault| self.notes(fault)) }
    }

    /// The decision that this outcome of the try is.
    pub(super) fn decision(&self, outcome: Outcome) -> Result<Decision, Fault> {
        let commits = outcome == Outcome::Committed;
        let state = self.state();
        let rows = if commits { state.view.held(None)? } else { state.view.held_unchanged() };
        let (participants, rolled_back) =
            if commits { state.calls.prepared() } else { (state.calls.called(), Vec::new()) };
        let detached = state.detached.iter().filter(|_| commits).map(|(_, call)| call.clone()).collect();
        Ok(Decision { outcome, rows, participants, rolled_back, detached })
    }

    /// A replay that would write something else than what was decided is not the code that decided it, at step `at`.
    pub(super) fn compare(&self, decision: &Decision, at: &StepPath) -> Result<(), Fault> {
        let now = self.held_rows()?;
        let same = now.len() == decision.rows.len()
            && now.iter().all(|row| {
                decision.rows.iter().any(|decided| decided.name() == row.name() && decided.change == row.change)
            });
        match same {
            true => Ok(()),
            false => Err(Divergence {
                recorded: format!("a transaction over {} rows, step {at}", decision.rows.len()),
                asked: format!("one over {} rows, or with other values", now.len()),
            }
            .into()),
        }
    }

    /// Notes that ending an acquisition has left a row as a tombstone.
    pub(super) fn leaves(&self, row: Option<RowKey>) {
        self.state().tombstones.extend(row);
    }

    /// The rows that ending it has left as tombstones.
    pub(super) fn take_tombstones(&self) -> Vec<RowKey> {
        std::mem::take(&mut self.state().tombstones)
    }

    /// The rows that are held, with what a commit changes.
    pub(crate) fn held_rows(&self) -> Result<Vec<HeldRow>, Fault> {
        self.state().view.held(None)
    }

    /// What earlier parts of the transaction in this service have changed, as far as it was asked for.
    pub(crate) fn inherited(&self) -> HashMap<String, Difference> {
        self.state().inherited.clone()
    }

    /// Takes over what earlier parts have changed.
    pub(crate) fn inherit_all(&self, inherited: HashMap<String, Difference>) {
        let mut state = self.state();
        state.inherited = inherited;
        state.has_inherited = true;
    }

    /// Undoes what the steps below `prefix` have done.
    pub(super) fn roll_back(&self, prefix: Vec<u32>) {
        let mut state = self.state();
        state.detached.retain(|(path, _)| !path.is_below(&prefix));
        state.calls.roll_back(&prefix);
        state.view.roll_back(prefix);
    }

    /// What a walk has passed that is recorded, and that the decision does not name: whoever decided had not come there.
    pub(super) fn recorded_beside(&self, decision: &Decision) -> (Vec<HeldRow>, Vec<Participant>) {
        let (mut rows, mut participants) = (Vec::new(), Vec::new());
        for recorded in std::mem::take(&mut self.state().recorded) {
            match recorded {
                recorded if recorded.is_named_in(decision) => {}
                Found::Row(row) => rows.push(row),
                Found::Participant(one) => participants.push(one),
            }
        }
        (rows, participants)
    }

    /// Forgets the acquisitions that a walk has found, if the decision names them: those of one row are released
    /// together, since the first of them says whether all are.
    pub(super) fn leaves_to(&self, decision: &Decision) {
        let is_left = |found: &Found| matches!(found, Found::Row(_)) && found.is_named_in(decision);
        self.state().found.retain(|found| !is_left(found));
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entry that ends the acquisition of step `path`.
pub(super) fn entry_of(journal: &Journal, path: &StepPath) -> Vec<u8> {
    let start_s = u32::try_from(journal.start_ms() / 1000).unwrap_or(u32::MAX);
    EntryKey { instance: journal.identity().instance, start_s, step: path.clone() }.entry(true)
}
