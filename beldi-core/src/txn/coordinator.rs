//! `txn!`: tries of a body until one is decided, and what follows from the decision.
//!
//! Invariant: the decision of a try is one journal record, put on the condition that it is absent, and nobody is
//! told anything of it before it is there. It has all that the body saw, so that a replay of a decided body asks
//! for nothing and comes to the same end.

use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::attempt::{Observed, Try};
use super::patience::jittered;
use super::record::{Decision, Outcome, Part};
use super::settle;
use crate::attempt::{Cx, Fingerprint, Journal, Step, Trapped, What};
use crate::daal::Mode;
use crate::error::{Divergence, Fault};
use crate::garbage::{list_of, rows_of};
use crate::ids::StepPath;
use crate::marks;
use crate::service::Scope;
use serde_dynamo::AttributeValue;

/// What the user says of a transaction: the options of `txn!` (protocol, section 6).
#[derive(Debug, Clone, Copy, Default)]
pub struct TransactionOptions {
    /// How many tries one attempt makes; 16 when absent. Then the attempt ends, and another one follows after the
    /// instance's back-off.
    pub max_tries: Option<u32>,
    /// The longest time that a try which holds something waits for one row, in milliseconds; 5 s when absent. Then it
    /// dies. A coordinator that holds nothing waits as long as its attempt may.
    pub max_wait_ms: Option<u64>,
    /// Whether the body only reads, and shares its rows with others that do.
    pub read_only: bool,
}

/// A `Result`, of which generated code needs the error type.
pub trait Fallible {
    /// The type of its errors.
    type Error;
}

impl<T, E> Fallible for Result<T, E> {
    type Error = E;
}

const MAX_TRIES: u32 = 16;
const MAX_WAIT_MS: u64 = 5_000;

/// The shortest pause before the second try, and the longest before any.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(40), Duration::from_secs(2));

/// A `txn!` that is being executed (protocol, section 6). Generated code calls [`begin`](Self::begin) and
/// [`run`](Self::run) in turn until there is a result.
pub struct Transaction {
    cx: Cx,
    step: Step,
    options: TransactionOptions,
    /// The number of the current try, from 1.
    number: u32,
    /// How many tries this attempt has made itself, not replayed.
    tries: u32,
    current: Option<Arc<Try>>,
    /// A step of the current try was refused, and the try is decided. The body is run once more, to end what it holds.
    refused: Option<Refused>,
}

/// A try whose body was refused something.
struct Refused {
    decision: Decision,
    stop: Trapped,
    /// What its steps had observed by then.
    observed: Observed,
}

/// How a body came to its end.
enum Ended<R> {
    Returned(R),
    Stopped(Trapped),
}

/// Begins a `txn!`, which is step number `ordinal` in the source.
#[track_caller]
pub fn transaction<S: Scope>(cx: &Cx, ordinal: u32, options: TransactionOptions) -> Transaction {
    marks::transaction::<S>();
    let step = cx.claim(ordinal, Location::caller());
    Transaction { cx: cx.clone(), step, options, number: 0, tries: 0, current: None, refused: None }
}

impl Transaction {
    /// The context of the next try. Inside of another transaction it is a part of that one.
    pub fn begin(&mut self) -> Cx {
        self.number += u32::from(self.refused.is_none());
        let prefix = self.step.path().branch(self.number);
        if let Some(outer) = self.cx.transaction() {
            return self.cx.below(prefix, Arc::clone(outer));
        }
        let decided = self.journal().decision(&StepPath::of(prefix.clone())).is_some();
        let max_wait = Duration::from_millis(self.options.max_wait_ms.unwrap_or(MAX_WAIT_MS));
        let mode = if self.options.read_only { Mode::Shared } else { Mode::Exclusive };
        let current = Arc::new(Try::of_coordinator(prefix.clone(), max_wait, mode, decided));
        if let Some(refused) = &mut self.refused {
            current.state().observed = std::mem::take(&mut refused.observed);
        }
        self.current = Some(Arc::clone(&current));
        self.cx.below(prefix, current)
    }

    /// Runs the body once, decides the try by how the body ends, and carries the decision out. Gives nothing if
    /// another try is to follow. A try whose decision is in the journal comes to the same end again. Inside of another
    /// transaction nothing is decided: an `Err` undoes what the body has done, and nothing else.
    pub async fn run<T, E>(&mut self, body: impl Future<Output = Result<T, E>> + Send) -> Option<Result<T, E>>
    where
        T: Send,
        E: Send,
    {
        let Some(current) = self.current.take() else { return Some(self.run_inside(body).await) };
        match self.run_try(&current, body).await {
            Ok(result) => result,
            Err(trapped) => {
                let step = Some((self.step.path().clone(), self.step.location()));
                self.cx.trap(Trapped { step: trapped.step.or(step), fault: trapped.fault });
                std::future::pending().await
            }
        }
    }

    /// A block inside of another transaction: its `Err` undoes what it has done, and nothing else.
    async fn run_inside<T, E>(&self, body: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let result = body.await;
        if let (Err(_), Some(outer)) = (&result, self.cx.transaction()) {
            outer.roll_back(self.step.path().branch(self.number));
        }
        result
    }

    async fn run_try<T, E>(
        &mut self,
        current: &Arc<Try>,
        body: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<Option<Result<T, E>>, Trapped> {
        let mut body = pin!(body);
        if let Some(Refused { decision, stop, .. }) = self.refused.take() {
            self.wind_up(current, body, false, &decision).await?;
            return self.after(stop).await;
        }
        let path = StepPath::of(current.prefix.clone());
        if let Some(decision) = self.journal().decision(&path).cloned() {
            return self.replay(current, body, &path, &decision).await;
        }
        self.tries += 1;
        self.environment().transactions.tried(self.tries);
        let ended = match self.journal().identity().roll_back {
            true => Ended::Stopped(Fault::Resolved { outcome: "rolled back" }.into()),
            false => self.drive(current, body.as_mut()).await?,
        };
        match ended {
            Ended::Returned(result) => match self.conclude(current, result.is_ok()).await {
                Ok(decision) => {
                    // What fails from here on is carried out by a later attempt: it is decided, and once only.
                    self.carry_out(current, &decision).await?;
                    Ok(Some(result))
                }
                // The body has returned, and must not be polled again.
                Err(stop) if stop.fault.ends_a_try() => self.abandon(current, body, true, stop).await,
                Err(trapped) => Err(trapped),
            },
            Ended::Stopped(stop) => self.abandon(current, body, false, stop).await,
        }
    }

    /// Polls a body until it returns, or its try is stopped, or nothing of it moves any more.
    async fn drive<R>(&self, current: &Try, mut body: Pin<&mut impl Future<Output = R>>) -> Result<Ended<R>, Trapped> {
        std::future::poll_fn(|context| {
            // While a try is ending, a panic in the body only says how far it came.
            let polled = match current.is_over() {
                false => body.as_mut().poll(context).map(Ended::Returned),
                true => match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(context))) {
                    Ok(polled) => polled.map(Ended::Returned),
                    Err(_) => Poll::Ready(Ended::Stopped(Fault::Over.into())),
                },
            };
            match (polled, current.stopped()) {
                // The attempt ends with this poll, and a walk that has failed is not over.
                _ if self.cx.is_trapped() => Poll::Pending,
                (Poll::Ready(ended), _) => Poll::Ready(Ok(ended)),
                (Poll::Pending, Some(stop)) => Poll::Ready(Ok(Ended::Stopped(stop))),
                (Poll::Pending, None) => Poll::Pending,
            }
        })
        .await
    }

    /// The body has returned: takes what is only written, and decides.
    async fn conclude(&self, current: &Try, commits: bool) -> Result<Decision, Trapped> {
        if commits {
            current.take_last(self.journal()).await?;
        }
        let decision = current.decision(if commits { Outcome::Committed } else { Outcome::RolledBack })?;
        if !decision.is_empty() {
            self.decide(current, &decision).await?;
        }
        self.count(decision.outcome);
        Ok(decision)
    }

    async fn carry_out(&self, current: &Try, decision: &Decision) -> Result<(), Fault> {
        if !decision.is_empty() {
            settle::carry_out(self.journal(), current, decision, false).await?;
            self.settled(current);
        }
        Ok(())
    }

    /// The try cannot go on: decides that, finds what any attempt of it holds, and takes the locks off. Gives
    /// nothing if another try is to follow.
    async fn abandon<T, E>(
        &mut self,
        current: &Try,
        mut body: Pin<&mut (impl Future<Output = Result<T, E>> + Send)>,
        mut has_returned: bool,
        stop: Trapped,
    ) -> Result<Option<Result<T, E>>, Trapped> {
        let journal = self.journal();
        if !has_returned {
            // One that panics meanwhile has not been decided: it could not be run on for the walk.
            has_returned = journal.turns().let_end(body.as_mut()).await;
            // The try ends as it was stopped first.
            drop(current.stopped());
        }
        let died = matches!(stop.fault, Fault::Died { .. });
        let decision = current.decision(if died { Outcome::Died } else { Outcome::Failed })?;
        self.decide(current, &decision).await?;
        self.count(decision.outcome);
        if stop.fault.may_be_passed() || current.was_refused() {
            // Its branches have come to this in an order of their own. In another one they come past it.
            let observed = std::mem::take(&mut current.state().observed);
            self.refused = Some(Refused { decision, stop, observed });
            return Ok(None);
        }
        self.wind_up(current, body, has_returned, &decision).await?;
        self.after(stop).await
    }

    /// What follows a try that was stopped, and has left nothing: if it has died, another one, after a pause.
    async fn after<R>(&self, stop: Trapped) -> Result<Option<R>, Trapped> {
        let Fault::Died { row, holder } = stop.fault else { return Err(stop) };
        let tries = self.tries;
        if tries >= self.options.max_tries.unwrap_or(MAX_TRIES).max(1) {
            return Err(Fault::Contended { tries, row, holder }.into());
        }
        let (shortest, longest) = BACKOFF;
        let pause = (shortest * (1 << tries.min(10))).min(longest);
        tokio::time::sleep(jittered(pause, &self.journal().identity().instance.to_string(), tries)).await;
        Ok(None)
    }

    /// Lets the body run as far as any attempt of the try can have come, and ends what it holds.
    async fn wind_up<T, E>(
        &self,
        current: &Try,
        body: Pin<&mut (impl Future<Output = Result<T, E>> + Send)>,
        has_returned: bool,
        decision: &Decision,
    ) -> Result<(), Trapped> {
        let journal = self.journal();
        current.ending.cancel();
        if has_returned || matches!(self.drive(current, body).await?, Ended::Returned(Ok(_))) {
            current.end_written(journal).await?;
        }
        settle::carry_out(journal, current, decision, false).await?;
        self.settled(current);
        Ok(())
    }

    /// A try whose decision is in the journal: the body comes to the same end.
    async fn replay<T, E>(
        &self,
        current: &Try,
        mut body: Pin<&mut (impl Future<Output = Result<T, E>> + Send)>,
        path: &StepPath,
        decision: &Decision,
    ) -> Result<Option<Result<T, E>>, Trapped> {
        let journal = self.journal();
        let settled = journal.replay(path, &self.fingerprint())?;
        if let Some(AttributeValue::L(tombstones)) = &settled {
            journal.leaves(rows_of(tombstones));
        }
        let settled = settled.is_some();
        let goes_on = decision.outcome.gives_up();
        if goes_on && !settled {
            // Whoever decided it may not have found all that other attempts of it hold.
            current.ending.cancel();
        }
        let ended = self.drive(current, body.as_mut()).await?;
        let result = match (decision.outcome, ended) {
            (Outcome::Committed, Ended::Returned(Ok(value))) => {
                current.take_written(journal, None).await?;
                current.compare(decision, self.step.path())?;
                Some(Ok(value))
            }
            (Outcome::RolledBack, Ended::Returned(Err(error))) => Some(Err(error)),
            (Outcome::Died | Outcome::Failed, ended) => {
                if matches!(ended, Ended::Returned(Ok(_))) {
                    current.end_written(journal).await?;
                }
                None
            }
            (_, ended) => return Err(self.diverged(decision, &ended)),
        };
        if settled {
            return Ok(result);
        }
        settle::carry_out(journal, current, decision, true).await?;
        self.settled(current);
        // After a try that died another may have begun: what an operator wants to end is that one.
        if goes_on { Ok(result) } else { self.resolved(result) }
    }

    /// The result of a try that is decided; an operator who resolves it wants nothing further.
    fn resolved<R>(&self, result: Option<R>) -> Result<Option<R>, Trapped> {
        match self.journal().identity().roll_back {
            true => Err(Fault::Resolved { outcome: "completed" }.into()),
            false => Ok(result),
        }
    }

    async fn decide(&self, current: &Try, decision: &Decision) -> Result<(), Fault> {
        let part = Part::Decision(StepPath::of(current.prefix.clone()), decision.clone()).check()?;
        let entries = std::mem::take(&mut current.state().entries);
        self.journal().put_part(part, entries).await
    }

    /// Lets the next record say that the decision is carried out, and which rows were left as tombstones by that.
    fn settled(&self, current: &Try) {
        let path = StepPath::of(self.step.path().branch(self.number));
        let tombstones = current.take_tombstones();
        let value = list_of(&tombstones);
        self.journal().leaves(tombstones);
        let entry = crate::attempt::Entry { path, fingerprint: self.fingerprint(), value };
        self.journal().acknowledged(entry);
    }

    fn fingerprint(&self) -> Fingerprint {
        self.step.fingerprint(What::new("txn", "rows", String::new(), &[]))
    }

    fn count(&self, outcome: Outcome) {
        let transactions = &self.environment().transactions;
        match outcome {
            Outcome::Committed => transactions.committed(),
            Outcome::RolledBack => transactions.rolled_back(),
            Outcome::Died => transactions.died(),
            Outcome::Failed => {}
        }
    }

    fn diverged<T, E>(&self, decision: &Decision, ended: &Ended<Result<T, E>>) -> Trapped {
        let asked = match ended {
            Ended::Returned(Ok(_)) => "it to be committed",
            Ended::Returned(Err(_)) => "it to be rolled back",
            Ended::Stopped(_) => "another step in it",
        };
        let recorded = format!("that the transaction of step {} was {}", self.step.path(), decision.outcome.word());
        let fault = Divergence { recorded, asked: asked.to_owned() }.into();
        Trapped { step: None, fault }
    }

    fn journal(&self) -> &Journal {
        self.step.journal()
    }

    fn environment(&self) -> &crate::environment::Environment {
        self.step.environment()
    }
}
