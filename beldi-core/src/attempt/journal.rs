//! The journal of one instance, as one attempt knows it.
//!
//! Invariants kept here (protocol, section 2): *intent first* and *observations before effects*
//! ([`Journal::flush`] stands before every effect), *agreement* (every record is put on the condition that
//! it is absent, so two attempts never go on with different observations; [`Journal::conclude`] returns
//! only what is determined by the journal). Records are written once.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_dynamo::AttributeValue;

use super::audit::Tape;
use super::fingerprint::Fingerprint;
use super::identity::Identity;
use super::load::load_records;
use super::record::{Entry, MAX_OUTCOME_BYTES, MAX_VALUE_BYTES, Record, Recorded, split, too_large};
use super::tombstones::Tombstones;
use super::turns::Turns;
use crate::attributes::{number, size_of, size_of_all, string};
use crate::checksum::sealed;
use crate::daal::RowKey;
use crate::environment::{Environment, journal_table};
use crate::error::{Divergence, Fault};
use crate::garbage::Finished;
use crate::ids::StepPath;
use crate::intent;
use crate::invoke::Delivery;
use crate::store::{Attributes, Placeholders, PutItem, StoreError};
use crate::txn::{Decision, Guards, Part};

/// The journal, the pending observations and the outcomes of one run of a handler.
pub(crate) struct Journal {
    environment: Environment,
    identity: Identity,
    /// How many attempts were started, as far as the journal says; 0 where it was not asked.
    attempts: u32,
    recorded: Recorded,
    /// The locks that the instance holds by itself.
    guards: Guards,
    tombstones: Tombstones,
    /// What an audit is to know.
    tape: Tape,
    state: Mutex<State>,
    /// Records of one attempt have one order.
    turns: Turns,
}

struct State {
    /// The number of the next record; 0 means that there is no intent yet.
    next_record: u64,
    start_ms: u64,
    pending: Vec<Entry>,
    outcomes: Vec<Entry>,
    /// The recorded steps that were asked for.
    replayed: HashSet<StepPath>,
    /// The tries with a recorded decision that were begun.
    begun: HashSet<StepPath>,
    /// The tries that this attempt has decided to give up.
    given_up: Vec<StepPath>,
    /// Another attempt may have gone on from the intent, without this one having looked.
    unverified: bool,
    /// A record could not be put: what it was to hold is in no journal, so no branch may go on.
    broken: bool,
}

impl Journal {
    /// The journal of an optimistic attempt, which loads nothing.
    pub(crate) fn optimistic(environment: Environment, identity: Identity, start_ms: u64) -> Self {
        Self::new(environment, identity, Recorded::default(), 0, start_ms)
    }

    /// The journal of an attempt whose intent was made durable by an accepted detached call.
    pub(crate) fn accepted(environment: Environment, identity: Identity, start_ms: u64) -> Self {
        let journal = Self::new(environment, identity, Recorded::default(), 1, start_ms);
        journal.state().unverified = true;
        journal
    }

    pub(super) fn new(
        environment: Environment,
        identity: Identity,
        recorded: Recorded,
        next_record: u64,
        start_ms: u64,
    ) -> Self {
        let state = State {
            next_record,
            start_ms,
            pending: Vec::new(),
            outcomes: Vec::new(),
            replayed: HashSet::new(),
            begun: HashSet::new(),
            given_up: Vec::new(),
            unverified: false,
            broken: false,
        };
        let (guards, tape) = (Guards::default(), Tape::of(&environment, &recorded));
        let (tombstones, turns, state) = (Tombstones::default(), Turns::default(), Mutex::new(state));
        Self { environment, identity, attempts: 0, recorded, guards, tombstones, tape, state, turns }
    }

    /// The journal of a repetition, which sends nothing.
    pub(super) fn repeating(environment: Environment, identity: Identity, recorded: Recorded, start_ms: u64) -> Self {
        Self { tape: Tape::Repeating, ..Self::new(environment, identity, recorded, 1, start_ms) }
    }

    /// The same with the number of attempts that the journal tells.
    pub(super) fn after(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.max(1)
    }

    /// How a callee is asked first: an attempt that knows itself to be a repetition says so.
    pub(crate) fn first_delivery(&self) -> Delivery {
        if self.attempts == 0 { Delivery::First } else { Delivery::Repeat }
    }

    /// When the instance started, in milliseconds since 1970: of all attempts the same once the intent is durable.
    pub(crate) fn start_ms(&self) -> u64 {
        self.state().start_ms
    }

    /// Notes rows that the instance has left as tombstones, or may have: live and in replay alike.
    pub(crate) fn leaves(&self, rows: impl IntoIterator<Item = RowKey>) {
        self.tombstones.note(rows);
    }

    /// The instance as it is to be marked as done.
    pub(crate) fn finished(&self, result: &str) -> Finished {
        let State { next_record, start_ms, .. } = *self.state();
        Finished {
            instance: self.identity.instance,
            function: self.identity.function.name.to_owned(),
            result: result.to_owned(),
            start_ms,
            records: next_record,
            tombstones: self.tombstones.all(),
            told: None,
        }
    }

    /// The locks that the instance holds by itself.
    pub(crate) fn guards(&self) -> &Guards {
        &self.guards
    }

    /// What an audit is to know of the run.
    pub(crate) fn tape(&self) -> &Tape {
        &self.tape
    }

    /// The recorded decision of the try at this path, which begins.
    pub(crate) fn decision(&self, path: &StepPath) -> Option<&Decision> {
        let decision = self.recorded.decisions.get(path);
        self.state().begun.extend(decision.map(|_| path.clone()));
        decision
    }

    /// Whether what the instance held was saved for the call at this path.
    pub(crate) fn has_saved(&self, path: &StepPath) -> bool {
        self.recorded.saved.contains_key(path)
    }

    /// Whether the intent is in the journal.
    pub(crate) fn is_durable(&self) -> bool {
        self.state().next_record > 0
    }

    /// The recorded value of a step, if there is one and the step asks for what was recorded.
    pub(crate) fn replay(&self, path: &StepPath, asked: &Fingerprint) -> Result<Option<AttributeValue>, Fault> {
        let entry = self.recorded.steps.get(path);
        let recorded = entry.map(|entry| &entry.fingerprint).or_else(|| self.recorded.announced.get(path));
        if let Some(recorded) = recorded.filter(|recorded| *recorded != asked) {
            return Err(Divergence { recorded: recorded.to_string(), asked: asked.to_string() }.into());
        }
        if entry.is_some() {
            self.state().replayed.insert(path.clone());
        }
        Ok(entry.map(|entry| entry.value.clone()))
    }

    /// Keeps an observation until the next flush.
    pub(crate) fn observed(&self, entry: Entry) -> Result<(), Fault> {
        if !self.identity.function.read_only {
            entry.fits()?;
        }
        self.tape.note(&entry);
        self.state().pending.push(entry);
        Ok(())
    }

    /// Notes that an effect was acknowledged, so that the next record can say so.
    pub(crate) fn acknowledged(&self, entry: Entry) {
        self.tape.note(&entry);
        self.state().outcomes.push(entry);
    }

    /// Makes the intent and all pending observations durable before effect `effect` is sent.
    pub(crate) async fn flush(&self, effect: Option<(&StepPath, &Fingerprint)>) -> Result<(), Fault> {
        self.tape.refuse(effect.map(|(_, fingerprint)| fingerprint))?;
        let _one_at_a_time = self.turns.next().await;
        let (pending, is_durable) = self.take_pending()?;
        if pending.is_empty() && is_durable {
            return Ok(());
        }
        let effect = effect.map(|(path, fingerprint)| (path.clone(), fingerprint.clone()));
        self.put_records(pending, Record { effect, ..Record::default() }).await
    }

    /// Puts a record about a transaction, with everything observed so far and these entries. The part was checked
    /// to fit.
    pub(crate) async fn put_part(&self, part: Part, entries: Vec<Entry>) -> Result<(), Fault> {
        self.tape.refuse(None)?;
        if let Part::Decision(path, decision) = &part {
            self.tape.decided(path, decision);
            self.state().given_up.extend(decision.outcome.gives_up().then(|| path.clone()));
        }
        let _one_at_a_time = self.turns.next().await;
        let (mut pending, _) = self.take_pending()?;
        pending.extend(entries);
        self.put_records(pending, Record { part: Some(part), ..Record::default() }).await
    }

    /// Who puts records.
    pub(crate) fn turns(&self) -> &Turns {
        &self.turns
    }

    /// Sees to it that no other attempt is ahead, before something that nothing but the journal protects from
    /// being repeated.
    pub(crate) async fn verify(&self) -> Result<(), Fault> {
        if !self.state().unverified {
            return Ok(());
        }
        let Identity { function, instance, .. } = &self.identity;
        let records = load_records(&self.environment, function.service, *instance).await?;
        let untouched = records.len() as u64 == self.state().next_record && !records[0].contains_key("done");
        self.state().unverified = !untouched;
        if untouched { Ok(()) } else { Err(Fault::Superseded) }
    }

    /// What is to be journaled next, and whether the intent is durable. Nothing, once a record could not be
    /// put: another branch of a `join!` may have waited for it, and must not take it for done.
    fn take_pending(&self) -> Result<(Vec<Entry>, bool), Fault> {
        let mut state = self.state();
        if state.broken {
            return Err(Fault::Superseded);
        }
        Ok((std::mem::take(&mut state.pending), state.next_record > 0))
    }

    /// Puts records with these observations; the last is `last`, which must come after all of them.
    async fn put_records(&self, observations: Vec<Entry>, last: Record) -> Result<(), Fault> {
        let outcomes = self.outcomes_that_fit();
        let first_bytes = if self.is_durable() { 0 } else { size_of_all(&self.intent(None)) };
        let last_bytes = outcomes.iter().map(Entry::size).sum::<usize>()
            + last.result.as_ref().map_or(0, String::len)
            + last.tombstones.as_ref().map_or(0, size_of)
            + last.part.as_ref().map_or(0, Part::size);
        let mut runs = split(observations, first_bytes, last_bytes);
        let observations = runs.pop().unwrap_or_default();
        let mut put = Ok(());
        for observations in runs {
            match put {
                Ok(()) => put = self.put_record(Record { observations, ..Record::default() }).await,
                Err(_) => self.state().pending.extend(observations),
            }
        }
        match put {
            Ok(()) => self.put_record(Record { observations, outcomes, ..last }).await,
            Err(_) => {
                self.state().pending.extend(observations);
                put
            }
        }
    }

    async fn put_record(&self, record: Record) -> Result<(), Fault> {
        let record_number = self.state().next_record;
        let mut item = if record_number == 0 { self.intent(record.result.as_deref()) } else { Attributes::new() };
        item.insert("instance".to_owned(), string(self.identity.instance.to_string()));
        item.insert("record".to_owned(), number(record_number));
        record.write(&mut item);
        let put = self.put_if_absent(item).await;
        let mut state = self.state();
        match &put {
            Ok(()) => state.next_record = record_number + 1,
            // The store does not take it. Nothing was changed, and what it has seen is for the next one.
            Err(fault) if fault.is_permanent() => state.pending.extend(record.observations),
            Err(_) => state.broken = true,
        }
        put
    }

    async fn put_if_absent(&self, item: Attributes) -> Result<(), Fault> {
        let mut placeholders = Placeholders::default();
        let condition = format!("attribute_not_exists({})", placeholders.name("instance"));
        let table = journal_table(self.identity.function.service);
        let put = PutItem { table, item: sealed(item), condition: Some(condition), placeholders };
        match self.environment.store.put(put).await {
            Ok(()) => Ok(()),
            Err(StoreError::ConditionFailed { .. }) => Err(Fault::Superseded),
            Err(error) => Err(error.into()),
        }
    }

    /// The attributes of the intent; born done when there is a result already.
    fn intent(&self, result: Option<&str>) -> Attributes {
        let start_ms = self.start_ms();
        match result {
            Some(_) => intent::born_done(&self.environment, &self.identity, start_ms),
            None => intent::running(&self.identity, start_ms, &self.environment.settings),
        }
    }

    fn outcomes_that_fit(&self) -> Vec<Entry> {
        let mut room = MAX_OUTCOME_BYTES;
        let mut outcomes = std::mem::take(&mut self.state().outcomes);
        outcomes.retain(|entry| {
            let fits = entry.size() <= room;
            room -= if fits { entry.size() } else { 0 };
            fits
        });
        outcomes
    }

    /// Makes the result determined by the journal (the return rule). Gives whether record 0 is still to be
    /// marked as done, which may follow the reply.
    pub(crate) async fn conclude(&self, result: &str) -> Result<bool, Fault> {
        let _one_at_a_time = self.turns.next().await;
        self.all_replayed()?;
        let function = self.identity.function;
        let (pending, is_durable) = self.take_pending()?;
        if !is_durable && (function.read_only || self.identity.own_id) {
            return Ok(false);
        }
        self.check_result(result)?;
        if is_durable && pending.is_empty() {
            return Ok(true);
        }
        // Whoever finds the result does not run the handler again, and knows what it has left by this alone.
        let tombstones = self.finished(result).list(&self.environment, function.service).await?;
        let result = Some(result.to_owned());
        self.put_records(pending, Record { result, tombstones, ..Record::default() }).await?;
        Ok(is_durable || self.state().next_record > 1)
    }

    /// Refuses a result that no record can hold.
    pub(crate) fn check_result(&self, result: &str) -> Result<(), Fault> {
        let remedy = "return a key and read the rest in a `read_only` function";
        match result.len() > MAX_VALUE_BYTES {
            true => Err(too_large("the result", result.len(), remedy)),
            false => Ok(()),
        }
    }

    /// A handler that returns without having asked for every recorded step and begun every try is not the one that
    /// recorded them. Of the steps of a try that was given up an attempt asks for as many as it comes to.
    pub(super) fn all_replayed(&self) -> Result<(), Fault> {
        let state = self.state();
        if let Some(path) = self.recorded.decisions.keys().filter(|path| !state.begun.contains(path)).min() {
            let recorded = format!("a decision of the transaction that began at step {path}");
            return Err(Divergence { recorded, asked: "the end".to_owned() }.into());
        }
        let decided = self.recorded.decisions.iter().filter(|(_, decision)| decision.outcome.gives_up());
        let given_up: Vec<_> = decided.map(|(path, _)| path).chain(&state.given_up).collect();
        let is_missing = |entry: &&Entry| {
            !state.replayed.contains(&entry.path) && !given_up.iter().any(|path| entry.path.is_within(path))
        };
        let missing = self.recorded.steps.values().filter(is_missing);
        let Some(first) = missing.min_by(|one, other| one.path.cmp(&other.path)) else { return Ok(()) };
        let recorded = format!("step {} {}", first.path, first.fingerprint);
        Err(Divergence { recorded, asked: "the end".to_owned() }.into())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
