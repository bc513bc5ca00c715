//! Calls in a transaction: what is called joins it, and keeps what it holds until it is told the decision.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use serde_dynamo::AttributeValue;

use super::acquire::{Wanted, limit, unreadable};
use super::attempt::{Found, Try};
use super::each::each;
use super::handover::held_by;
use super::record::{HeldRow, Part};
use super::settle::fence;
use super::view::Unheld;
use super::{Answer, HeldCall, MAX_CALLS, Participant, TransactionContext};
use crate::attempt::{Identity, Journal, MAX_VALUE_BYTES, Step, Trapped, What, too_large};
use crate::attributes::string;
use crate::contract::Contract;
use crate::daal::{Mode, row_name};
use crate::data::DataError;
use crate::error::{Fault, InvokeError};
use crate::ids::StepPath;
use crate::invoke::{Delivery, Invocation};
use crate::world::millis;

/// The calls that one function has made in a transaction, by their steps.
#[derive(Default)]
pub(super) struct Calls {
    calls: BTreeMap<Vec<u32>, Made>,
    rolled_back: Vec<Vec<u32>>,
}

struct Made {
    callee: Participant,
    /// The participants that are to be told, once it has answered; none if it was fenced, and is done.
    answered: Option<Vec<Participant>>,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(super) fn roll_back(&mut self, prefix: &[u32]) {
        self.rolled_back.push(prefix.to_vec());
    }

    fn is_rolled_back(&self, path: &[u32]) -> bool {
        let path = StepPath::of(path.to_vec());
        self.rolled_back.iter().any(|prefix| path.is_below(prefix))
    }

    fn asked(&mut self, path: &StepPath, callee: Participant) -> Result<(), Fault> {
        self.calls.entry(path.clone().into_numbers()).or_insert(Made { callee, answered: None });
        match self.calls.len() > MAX_CALLS {
            true => Err(limit("calls", MAX_CALLS, "call fewer functions, or one that does more")),
            false => Ok(()),
        }
    }

    fn answered(&mut self, path: &StepPath, participants: Vec<Participant>) {
        if let Some(made) = self.calls.get_mut(&path.clone().into_numbers()) {
            made.answered = Some(participants);
        }
    }

    /// All participants that come before this step, in the order of the program.
    pub(super) fn prepared_before(&self, at: &StepPath) -> Vec<&Participant> {
        let before = self.calls.iter().filter(|(path, _)| StepPath::of((*path).clone()).precedes(at));
        before.filter_map(|(_, made)| made.answered.as_ref()).flatten().collect()
    }

    /// All participants that have answered, in the order of the program; first those that count, then those whose
    /// blocks were rolled back.
    pub(super) fn prepared(&self) -> (Vec<Participant>, Vec<Participant>) {
        self.made().flat_map(|(_, participants)| participants).partition(|participant| !participant.rolled_back)
    }

    /// Those that were called, whether they have answered or not.
    pub(super) fn called(&self) -> Vec<Participant> {
        self.calls.values().map(|made| made.callee.clone()).collect()
    }

    /// What is known of a participant's answer: the participants that are to be told with it, or none if it was fenced.
    pub(super) fn answer_of(&self, participant: &Participant) -> Option<&[Participant]> {
        let made = self.calls.values().find(|made| made.callee.instance == participant.instance)?;
        made.answered.as_deref()
    }

    /// The answered calls: their steps and participants, marked if they do not count.
    fn made(&self) -> impl Iterator<Item = (&[u32], Vec<Participant>)> {
        self.calls.iter().filter_map(|(path, made)| {
            let in_vain = self.is_rolled_back(path);
            let mark = |one: &Participant| Participant { rolled_back: in_vain || one.rolled_back, ..one.clone() };
            Some((path.as_slice(), made.answered.as_ref()?.iter().map(mark).collect()))
        })
    }
}

/// A call that is to be made.
pub(crate) struct Callee {
    pub(crate) service: &'static str,
    pub(crate) function: &'static str,
    /// How long its results are kept; the host's time when absent.
    pub(crate) retention: Option<Duration>,
    pub(crate) arguments: String,
    /// What the caller takes for granted.
    pub(crate) contract: Option<Contract>,
}

impl Try {
    /// Calls a function in the transaction. Gives its result, as JSON.
    pub(crate) async fn call(self: &Arc<Self>, step: &Step, what: What, callee: Callee) -> Result<String, Fault> {
        let (journal, path) = (step.journal(), step.path());
        let fingerprint = step.fingerprint(what);
        let instance = journal.identity().instance.callee(path);
        let (service, function) = (callee.service.to_owned(), callee.function.to_owned());
        let participant = Participant { service, function, instance, saved_at: None, rolled_back: false };
        if let Some(value) = journal.replay(path, &fingerprint)? {
            // As live, rows that were written before the call are held from then on.
            self.take_written(journal, Some(path)).await?;
            return self.replayed(path, participant, &value);
        }
        if self.is_over() && !self.is_ending() {
            return Err(Fault::Over);
        }
        self.unless_over(self.state().calls.asked(path, participant.clone()))?;
        // Rows that are written and not held yet are taken before the call; a try that ends finds them here.
        self.take_written(journal, Some(path)).await?;
        let answer = match self.is_ending() {
            true => None,
            false => {
                self.save(step).await?;
                journal.flush(Some((path, &fingerprint))).await?;
                self.ask(step, callee).await?
            }
        };
        let answer = match answer {
            Some(answer) => answer,
            None => self.follow(journal, path, &participant).await?,
        };
        match answer {
            Answer::Prepared { result, participants } => {
                let adopted = self.adopt(journal, path, &participants).await?;
                let entry = step.entry(fingerprint, encode(&result, &participants, &adopted)?);
                // Before the answer counts: the decision to roll back must fit into a record without it.
                self.unless_over(entry.fits_alone())?;
                journal.tape().note(&entry);
                let mut state = self.state();
                state.calls.answered(path, participants);
                state.entries.push(entry);
                Ok(result)
            }
            Answer::Died { .. } | Answer::Aborted => Err(Fault::Superseded),
        }
    }

    /// Asks until there is an answer. Gives none if the try is over by then: because of the answer, or of another step.
    async fn ask(self: &Arc<Self>, step: &Step, callee: Callee) -> Result<Option<Answer>, Fault> {
        let asked = tokio::select! {
            biased;
            () = self.ending.cancelled() => return Ok(None),
            asked = ask(step, self.invocation(step, callee)) => asked,
        };
        let stop = match asked {
            Ok(Answer::Died { row, holder }) => Fault::Died { row, holder },
            Err(refused) if refused.ends_a_try() => refused,
            asked => return asked.map(Some),
        };
        self.die(Trapped { step: Some((step.path().clone(), step.location())), fault: stop }).await?;
        Ok(None)
    }

    /// In a try that ends: another attempt may have called it, and gone on with its answer. Then this one follows.
    async fn follow(&self, journal: &Journal, path: &StepPath, callee: &Participant) -> Result<Answer, Fault> {
        match fence(journal, self, callee).await {
            Ok(Some(answer)) => {
                self.state().found.push(Found::Participant(callee.clone()));
                Ok(answer)
            }
            // It never prepares, and nothing of it is left.
            Ok(None) => {
                self.state().calls.answered(path, Vec::new());
                Err(Fault::Over)
            }
            // As it may have refused what it was called for. The walk goes on elsewhere, but is not over.
            Err(fault @ Fault::Undelivered { error: InvokeError::Refused(_), .. }) => {
                self.state().unfenced.get_or_insert(fault);
                Err(Fault::Over)
            }
            Err(fault) => Err(fault),
        }
    }

    fn replayed(&self, path: &StepPath, callee: Participant, value: &AttributeValue) -> Result<String, Fault> {
        let (result, participants, adopted) = decode(value).ok_or_else(unreadable)?;
        let mut state = self.state();
        if self.is_ending() && !participants.is_empty() {
            state.recorded.push(Found::Participant(callee.clone()));
        }
        self.unless_over(state.calls.asked(path, callee))?;
        state.calls.answered(path, participants);
        adopted.iter().try_for_each(|row| self.unless_over(state.view.adopt(path, row)))?;
        Ok(result)
    }

    /// Takes over what participants of this service hold and have changed, which the callee has called back. Those of
    /// blocks that were rolled back have changed nothing.
    async fn adopt(
        &self,
        journal: &Journal,
        path: &StepPath,
        participants: &[Participant],
    ) -> Result<Vec<HeldRow>, Fault> {
        let mut adopted = Vec::new();
        let service = journal.identity().function.service;
        for participant in participants.iter().filter(|one| one.service == service) {
            let held = held_by(journal.environment(), participant).await?.into_iter();
            adopted.extend(held.map(|row| HeldRow { change: row.change.filter(|_| !participant.rolled_back), ..row }));
        }
        let mut state = self.state();
        adopted.iter().try_for_each(|row| self.unless_over(state.view.adopt(path, row)))?;
        Ok(adopted)
    }

    /// Makes durable what this function holds before a call, so that a participant which calls back sees it.
    async fn save(self: &Arc<Self>, step: &Step) -> Result<(), Fault> {
        let (journal, path) = (step.journal(), step.path());
        let rows = self.state().view.held(Some(path))?;
        if rows.is_empty() || journal.has_saved(path) {
            return Ok(());
        }
        journal.put_part(Part::Saved(path.clone(), rows).check()?, Vec::new()).await
    }

    /// Takes the rows that are written and not held, after the body has returned. A try that dies here is stopped
    /// as it is in its body.
    pub(super) async fn take_last(&self, journal: &Journal) -> Result<(), Trapped> {
        let mut taking = pin!(self.take_written(journal, None));
        let taken = std::future::poll_fn(|context| match taking.as_mut().poll(context) {
            Poll::Ready(taken) => Poll::Ready(Ok(taken)),
            Poll::Pending => self.stopped().map_or(Poll::Pending, |stop| Poll::Ready(Err(stop))),
        });
        match taken.await {
            Ok(taken) => Ok(taken?),
            Err(stop) => {
                // What one of the takes puts may be what a branch beside the transaction has observed.
                journal.turns().let_end(taking.as_mut()).await;
                drop(self.stopped());
                Err(stop)
            }
        }
    }

    /// Takes the rows that are written and not held, by writes before `at` if it is given. In a try that ends, it ends
    /// the acquisitions that other attempts may have made.
    pub(crate) async fn take_written(&self, journal: &Journal, at: Option<&StepPath>) -> Result<(), Fault> {
        let unheld = self.state().view.unheld(at);
        each(unheld.iter().map(|row| self.take_unheld(journal, row, at))).await.map(drop)
    }

    /// The same after the body of a try that ends has returned: not all of the rows need have been taken.
    pub(super) async fn end_written(&self, journal: &Journal) -> Result<(), Fault> {
        match self.take_written(journal, None).await {
            Err(Fault::Over) => Ok(()),
            ended => ended,
        }
    }

    async fn take_unheld(&self, journal: &Journal, row: &Unheld, at: Option<&StepPath>) -> Result<(), Fault> {
        let Unheld { path, table, key, fingerprint, present, .. } = row;
        let by = at.unwrap_or(path);
        if self.state().view.shares(&row_name(table, key), path, by) {
            return Ok(());
        }
        let (fingerprint, present) = (fingerprint.clone(), *present);
        let (mode, witness) = (Mode::Exclusive, None);
        self.take(Wanted { journal, path, by, fingerprint, table, key, mode, witness, present }).await.map(drop)
    }

    fn invocation(&self, step: &Step, callee: Callee) -> Invocation {
        let (journal, path) = (step.journal(), step.path());
        let Identity { function, instance, .. } = journal.identity();
        let state = self.state();
        let mut known = self.known().to_vec();
        for (made, participants) in state.calls.made() {
            if StepPath::of(made.to_vec()).precedes(path) {
                known.extend(participants);
            }
        }
        if state.view.holds_any() {
            let (service, name) = (function.service.to_owned(), function.name.to_owned());
            let saved_at = Some(path.clone().into_numbers());
            known.push(Participant { service, function: name, instance: *instance, saved_at, rolled_back: false });
        }
        let (id, max_wait_ms) = (self.id(journal), millis(self.max_wait));
        let context = TransactionContext { id, max_wait_ms, known, repeats: false, tells_below: false };
        Invocation {
            service: callee.service.to_owned(),
            function: callee.function.to_owned(),
            instance: instance.callee(path),
            arguments: callee.arguments,
            caller: Some(format!("{}/{} {} {}", function.service, function.name, instance, path)),
            delivery: journal.first_delivery(),
            transaction: Some(context),
            contract: callee.contract,
        }
    }

    /// Holds a detached call back until the commit.
    pub(crate) fn detach(&self, step: &Step, callee: Callee) -> Result<(), Fault> {
        let (journal, path) = (step.journal(), step.path());
        let bytes = callee.arguments.len();
        // Nobody would take it when it is made, and that is after the commit.
        if bytes > MAX_VALUE_BYTES {
            let (what, remedy) = (format!("the arguments of {}/{}", callee.service, callee.function), "pass a key");
            return Err(too_large(&what, bytes, remedy));
        }
        let Identity { function, instance, .. } = journal.identity();
        let held = HeldCall {
            service: callee.service.to_owned(),
            function: callee.function.to_owned(),
            instance: instance.callee(path),
            arguments: callee.arguments,
            caller: format!("{}/{} {} {}", function.service, function.name, instance, path),
            contract: callee.contract,
            kept_ms: millis(callee.retention.unwrap_or(journal.environment().settings.retention)),
        };
        self.state().detached.push((path.clone(), held));
        Ok(())
    }
}

/// Asks until there is an answer, a bounded number of times.
async fn ask(step: &Step, mut invocation: Invocation) -> Result<Answer, Fault> {
    let environment = step.environment();
    let mut tries = 0;
    loop {
        tries += 1;
        let error = match environment.invoker.invoke(invocation.clone()).await {
            Ok(json) => return Ok(crate::data::decode(&json)?),
            Err(error) => error,
        };
        if tries >= environment.settings.call_tries || matches!(error, InvokeError::Refused(_)) {
            let (service, function) = (invocation.service, invocation.function);
            return Err(Fault::Call { service, function, error });
        }
        tokio::time::sleep(environment.settings.backoff_after(tries)).await;
        invocation.delivery = Delivery::Repeat;
    }
}

fn encode(result: &str, participants: &[Participant], adopted: &[HeldRow]) -> Result<AttributeValue, DataError> {
    let participants = crate::data::encode(&participants)?;
    let rows = adopted.iter().map(HeldRow::to_attribute).collect();
    Ok(AttributeValue::L(vec![string(result), string(participants), AttributeValue::L(rows)]))
}

fn decode(value: &AttributeValue) -> Option<(String, Vec<Participant>, Vec<HeldRow>)> {
    let AttributeValue::L(parts) = value else { return None };
    let [AttributeValue::S(result), AttributeValue::S(participants), AttributeValue::L(rows)] = parts.as_slice() else {
        return None;
    };
    let rows = rows.iter().map(HeldRow::from_attribute).collect::<Option<_>>()?;
    Some((result.clone(), serde_json::from_str(participants).ok()?, rows))
}
