//! Who is next: attempts are held before their requests, and released one at a time.
//!
//! Invariant: an attempt that waits for others, or backs off before them, is not released again before something was
//! changed in the store, by others than those that it has called; it would only see the same again. If nobody else can go
//! on, those who wait take turns. So the tree of choices is finite, however long somebody waits.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::choices::Choices;
use super::states::{State, States};
use crate::host::{CrashPlan, CrashPoint, Verdict, When};
use crate::ids::{InstanceId, StepPath, digest};
use crate::invoke::Invocation;
use crate::world::millis;

/// Holds attempts before their requests.
pub(super) struct Scheduler {
    state: Mutex<Held>,
    /// The last invocation that was seen.
    seen: watch::Sender<Option<Arc<Invocation>>>,
    elapsed: Arc<Elapsed>,
    /// How long attempts live.
    lifetime: Duration,
}

/// What time it is in a run.
#[derive(Default)]
pub(super) struct Elapsed {
    /// How many attempts have begun.
    attempts: AtomicU64,
    /// The time that has passed because the scenario let it.
    passed_ms: AtomicU64,
}

impl Elapsed {
    /// Milliseconds since the run began, one for each attempt that has begun and what has passed.
    pub(super) fn ms(&self) -> u64 {
        self.attempts.load(Ordering::Relaxed) + self.passed_ms()
    }

    fn passed_ms(&self) -> u64 {
        self.passed_ms.load(Ordering::Relaxed)
    }
}

/// What becomes of an attempt that comes to a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Rule {
    /// It is held until it is its turn.
    #[default]
    TakeTurns,
    /// It goes on.
    GoOn,
    /// It dies: nobody wants to know what becomes of this run.
    Die,
    /// It dies before its request of this number, from 1.
    DieAt(u32),
}

/// How a run came to its end.
pub(super) enum Driven {
    /// The scenario says what it found.
    Ended(Result<(), String>),
    /// It came to a state from which another run has gone on.
    Known,
}

#[derive(Default)]
struct Held {
    rule: Rule,
    state: State,
    /// The number of the last attempt that was seen to begin.
    newest: u64,
    waiting: Vec<Waiting>,
    /// For each attempt, its instance, and how often it has changed something in the store.
    changes: BTreeMap<u64, (InstanceId, u64)>,
    /// For each attempt that may die of its age, what had passed when it was seen to begin.
    begun: BTreeMap<u64, u64>,
    /// Who has called an instance.
    callers: BTreeMap<InstanceId, InstanceId>,
    /// How many releases there were.
    releases: u64,
    last: Option<Released>,
}

/// One that is held.
pub(super) struct Waiting {
    pub(super) attempt: u64,
    /// What it is about to ask: branches of one attempt are told apart by that.
    pub(super) next: u128,
    /// The same in words.
    pub(super) asks: String,
    /// When it is one that has slept since anybody was released: how many changes and how many releases there had been.
    slept: Option<(u64, u64)>,
    release: oneshot::Sender<()>,
}

/// The last one that was released.
struct Released {
    attempt: u64,
    at: Instant,
    /// Whether it had slept: it asks again.
    slept: bool,
}

/// The time between two releases: longer than anybody sleeps who polls or backs off, so that all are held again.
const BETWEEN: Duration = Duration::from_secs(3);

impl CrashPlan for Scheduler {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let mut held = self.lock();
        match held.rule {
            Rule::Die => return Box::pin(std::future::ready(Verdict::Crash)),
            Rule::DieAt(number) if point.number >= number && point.when == When::Before => {
                return Box::pin(std::future::ready(Verdict::Crash));
            }
            Rule::TakeTurns if point.when == When::Before => {}
            _ => return Box::pin(std::future::ready(Verdict::Continue)),
        }
        if held.newest < point.attempt {
            held.newest = point.attempt;
            self.elapsed.attempts.fetch_add(1, Ordering::Relaxed);
        }
        // Whom nobody can take for dead has no instance: collectors, and time itself.
        if point.invocation.instance != InstanceId::from_u128(0) {
            held.begun.entry(point.attempt).or_insert(self.elapsed.passed_ms());
        }
        held.state.begins(point.attempt);
        self.seen.send_replace(Some(Arc::clone(&point.invocation)));
        let (release, released) = oneshot::channel();
        held.hold(&point, release);
        Box::pin(async move {
            drop(released.await);
            let held = self.lock();
            match held.rule {
                Rule::Die => Verdict::Crash,
                _ if self.is_too_old(&held, point.attempt) => Verdict::Crash,
                _ => Verdict::Continue,
            }
        })
    }
}

impl Scheduler {
    /// A scheduler of attempts that live so long.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { state: Mutex::default(), seen: watch::Sender::new(None), elapsed: Arc::default(), lifetime }
    }

    /// Runs a scenario to its end, releasing one attempt whenever all are held, or until it comes to one of `known`
    /// states, if these are given.
    pub(super) async fn drive(
        &self,
        scenario: impl Future<Output = Result<(), String>>,
        choices: &mut Choices,
        mut known: Option<&mut States>,
    ) -> Driven {
        *self.lock() = Held::default();
        self.elapsed.attempts.store(0, Ordering::Relaxed);
        self.elapsed.passed_ms.store(0, Ordering::Relaxed);
        self.seen.send_replace(None);
        let mut scenario = pin!(scenario);
        loop {
            tokio::select! {
                biased;
                outcome = &mut scenario => return Driven::Ended(outcome),
                // A paused clock advances only when no task can run: then everybody is held, or sleeps.
                () = tokio::time::sleep(BETWEEN) => {
                    if !self.release(choices, known.as_deref_mut()) {
                        return Driven::Known;
                    }
                }
            }
        }
    }

    /// Lets one attempt go on; gives false if the state is known.
    fn release(&self, choices: &mut Choices, known: Option<&mut States>) -> bool {
        let held = &mut *self.lock();
        held.waiting.sort_by_key(|waiting| waiting.attempt);
        let offered = held.offered();
        if offered.is_empty() {
            return true;
        }
        let is_new = choices.is_new();
        if let Some(known) = known.filter(|_| is_new)
            && !known.add(held.digest(&offered), choices.spare())
        {
            return false;
        }
        let last = held.last.as_ref().map(|last| last.attempt);
        let going_on = offered.iter().position(|place| Some(held.waiting[*place].attempt) == last);
        let all: Vec<_> = offered.iter().map(|place| &held.waiting[*place]).collect();
        let chosen = offered[choices.choose(&all, going_on)];
        let Waiting { attempt, release, slept, asks, .. } = held.waiting.remove(chosen);
        choices.tell(attempt, &asks);
        held.releases += 1;
        held.last = Some(Released { attempt, at: Instant::now(), slept: slept.is_some() });
        // An attempt that was ended meanwhile does not care.
        let _ = release.send(());
        true
    }

    /// Notes what the attempt that was released last has asked and been answered, whether it may ask again, and whether
    /// something was `changed`.
    pub(super) fn exchanged(&self, changed: bool, note: impl FnOnce(&mut State, u64, bool)) {
        let held = &mut *self.lock();
        if let (Rule::TakeTurns, Some(last)) = (held.rule, &held.last) {
            if let Some((_, changes)) = held.changes.get_mut(&last.attempt) {
                *changes += u64::from(changed);
            }
            note(&mut held.state, last.attempt, last.slept);
        }
    }

    /// What time it is in this run.
    pub(super) fn elapsed(&self) -> Arc<Elapsed> {
        Arc::clone(&self.elapsed)
    }

    /// Lets time pass, whose turn it was as this attempt. Who lives no longer than that is dead.
    pub(super) fn pass(&self, attempt: u64, time: Duration) {
        let held = &mut *self.lock();
        let passed_ms = self.elapsed.passed_ms() + millis(time);
        self.elapsed.passed_ms.store(passed_ms, Ordering::Relaxed);
        held.state.passed(passed_ms);
        if let Some((_, changes)) = held.changes.get_mut(&attempt) {
            *changes += 1;
        }
    }

    fn is_too_old(&self, held: &Held, attempt: u64) -> bool {
        let lived_ms = held.begun.get(&attempt).map(|begun_ms| self.elapsed.passed_ms() - begun_ms);
        lived_ms.is_some_and(|lived_ms| lived_ms >= millis(self.lifetime))
    }

    /// What becomes of attempts from now on, those that are held included.
    pub(super) fn set_rule(&self, rule: Rule) {
        let mut held = self.lock();
        held.rule = rule;
        // Dropping a sender releases its attempt.
        held.waiting.clear();
    }

    /// The first invocation for which this holds.
    pub(super) async fn seen(&self, wanted: impl Fn(&Invocation) -> bool) -> Arc<Invocation> {
        let mut seen = self.seen.subscribe();
        let found = seen.wait_for(|seen| seen.as_ref().is_some_and(|invocation| wanted(invocation))).await;
        found.ok().and_then(|seen| seen.clone()).expect("the scheduler outlives its scenario")
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn hold(&mut self, point: &CrashPoint, release: oneshot::Sender<()>) {
        let instance = point.invocation.instance;
        self.changes.entry(point.attempt).or_insert((instance, 0));
        let mut words = point.invocation.caller.as_deref().unwrap_or_default().split(' ');
        if let Some(caller) = words.find_map(|word| word.parse().ok()) {
            self.callers.insert(instance, caller);
        }
        let slept = self.last.as_ref().filter(|last| last.at < Instant::now());
        let slept = slept.map(|_| (self.changes_beside(point.attempt), self.releases));
        let (attempt, next, asks) = (point.attempt, next_of(point), in_words(point));
        self.waiting.push(Waiting { attempt, next, asks, slept, release });
    }

    /// Whether this one may see something new.
    fn moves(&self, waiting: &Waiting) -> bool {
        waiting.slept.is_none_or(|(changes, _)| changes < self.changes_beside(waiting.attempt))
    }

    /// What was changed by anybody but those whom this attempt has called, and whom they have.
    fn changes_beside(&self, attempt: u64) -> u64 {
        let Some((own, _)) = self.changes.get(&attempt) else { return 0 };
        let above = |instance: &InstanceId| self.callers.get(instance).copied().filter(|caller| caller != instance);
        let is_below =
            |instance: &InstanceId| std::iter::successors(above(instance), above).take(64).any(|one| one == *own);
        self.changes.values().filter(|(instance, _)| !is_below(instance)).map(|(_, changes)| changes).sum()
    }

    /// The digest of all that decides how the run goes on.
    fn digest(&self, offered: &[usize]) -> u128 {
        let mut bytes = Vec::new();
        for (place, waiting) in self.waiting.iter().enumerate() {
            bytes.extend_from_slice(&waiting.attempt.to_be_bytes());
            bytes.extend_from_slice(&waiting.next.to_be_bytes());
            // Those who would see the same again, in the order in which they take turns.
            let turn = self.waiting.iter().filter(|other| other.slept < waiting.slept).count();
            bytes.extend([u8::from(offered.contains(&place)), u8::from(waiting.slept.is_some())]);
            bytes.extend_from_slice(&turn.to_be_bytes());
        }
        bytes.extend_from_slice(&self.last.as_ref().map_or(0, |last| last.attempt).to_be_bytes());
        if !self.waiting.iter().any(|waiting| self.moves(waiting)) {
            // They wait for time to pass: no two such states are the same.
            bytes.extend_from_slice(&self.releases.to_be_bytes());
        }
        self.state.digest(&bytes)
    }

    /// The places of those who may be next: all but those who would see the same again. If there is nobody else,
    /// they take turns.
    fn offered(&self) -> Vec<usize> {
        let offered: Vec<_> = (0..self.waiting.len()).filter(|place| self.moves(&self.waiting[*place])).collect();
        if !offered.is_empty() {
            return offered;
        }
        let first = (0..self.waiting.len()).min_by_key(|place| self.waiting[*place].slept);
        first.into_iter().collect()
    }
}

/// What an attempt is about to ask, for which instance and step.
fn next_of(point: &CrashPoint) -> u128 {
    let instance = point.invocation.instance.to_bytes();
    let step = point.step.as_ref().map(StepPath::to_bytes).unwrap_or_default();
    digest(&[&instance, &step, point.action.as_bytes(), point.key.as_deref().unwrap_or_default().as_bytes()])
}

fn in_words(point: &CrashPoint) -> String {
    let Invocation { service, function, .. } = &*point.invocation;
    let step = point.step.as_ref().map(|step| format!(", step {step}")).unwrap_or_default();
    let key = point.key.as_deref().map(|key| format!(" {key}")).unwrap_or_default();
    format!("{service}/{function}{step}: {}{key}", point.action)
}
