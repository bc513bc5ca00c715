//! Who is next: attempts are held before their requests, and released one at a time.
//!
//! Invariant: an attempt that waits for others is not released again before one of them has moved; it would only
//! see the same again. So the tree of choices is finite, however long somebody waits.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use crate::host::{CrashPlan, CrashPoint, Verdict, When};
use crate::invoke::Invocation;

/// Holds attempts before their requests.
pub(super) struct Scheduler {
    state: Mutex<Held>,
    /// The last invocation that was seen.
    seen: watch::Sender<Option<Arc<Invocation>>>,
}

#[derive(Default)]
struct Held {
    /// Nobody is held.
    free: bool,
    waiting: Vec<Waiting>,
    /// How many releases have moved something.
    moves: u64,
    /// How many releases there were.
    releases: u64,
    last: Option<Released>,
}

/// One that is held.
struct Waiting {
    attempt: u64,
    /// When it is one that has slept since anybody was released: how much had moved by then, and how many releases
    /// there had been.
    slept: Option<(u64, u64)>,
    release: oneshot::Sender<()>,
}

/// The last one that was released.
struct Released {
    attempt: u64,
    at: Instant,
}

/// The time between two releases: longer than anybody sleeps who polls or backs off, so that all are held again.
const BETWEEN: Duration = Duration::from_secs(3);

impl Default for Scheduler {
    fn default() -> Self {
        Self { state: Mutex::default(), seen: watch::Sender::new(None) }
    }
}

impl CrashPlan for Scheduler {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let mut held = self.lock();
        if held.free || point.when == When::After {
            return Box::pin(std::future::ready(Verdict::Continue));
        }
        self.seen.send_replace(Some(Arc::clone(&point.invocation)));
        let (release, released) = oneshot::channel();
        held.hold(point.attempt, release);
        Box::pin(async move {
            drop(released.await);
            Verdict::Continue
        })
    }
}

impl Scheduler {
    /// Runs a scenario to its end, releasing one attempt whenever all are held.
    pub(super) async fn drive(
        &self,
        scenario: impl Future<Output = Result<(), String>>,
        choices: &mut Choices,
    ) -> Result<(), String> {
        *self.lock() = Held::default();
        self.seen.send_replace(None);
        let mut scenario = pin!(scenario);
        loop {
            tokio::select! {
                biased;
                outcome = &mut scenario => return outcome,
                // A paused clock advances only when no task can run: then everybody is held, or sleeps.
                () = tokio::time::sleep(BETWEEN) => self.release(choices),
            }
        }
    }

    fn release(&self, choices: &mut Choices) {
        let held = &mut *self.lock();
        held.waiting.sort_by_key(|waiting| waiting.attempt);
        let offered = held.offered();
        if offered.is_empty() {
            return;
        }
        let last = held.last.as_ref().map(|last| last.attempt);
        let going_on = offered.iter().position(|place| Some(held.waiting[*place].attempt) == last);
        let chosen = offered[choices.choose(offered.len(), going_on)];
        let Waiting { attempt, release, .. } = held.waiting.remove(chosen);
        held.moves += 1;
        held.releases += 1;
        held.last = Some(Released { attempt, at: Instant::now() });
        // An attempt that was ended meanwhile does not care.
        let _ = release.send(());
    }

    /// Holds nobody any more, or again everybody from now on.
    pub(super) fn set_free(&self, free: bool) {
        let mut held = self.lock();
        held.free = free;
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
    fn hold(&mut self, attempt: u64, release: oneshot::Sender<()>) {
        let slept = self.last.as_ref().filter(|last| last.at < Instant::now());
        if slept.is_some_and(|last| last.attempt == attempt) {
            // It was released, and sleeps already: it was refused what it waits for.
            self.moves -= 1;
        }
        let slept = slept.map(|_| (self.moves, self.releases));
        self.waiting.push(Waiting { attempt, slept, release });
    }

    /// The places of those who may be next: all but those who would see the same again. If there is nobody else,
    /// they take turns.
    fn offered(&self) -> Vec<usize> {
        let moves = |waiting: &Waiting| waiting.slept.is_none_or(|(moves, _)| moves < self.moves);
        let offered: Vec<_> = (0..self.waiting.len()).filter(|place| moves(&self.waiting[*place])).collect();
        if !offered.is_empty() {
            return offered;
        }
        let first = (0..self.waiting.len()).min_by_key(|place| self.waiting[*place].slept);
        first.into_iter().collect()
    }
}

/// A path through the tree of choices.
#[derive(Default)]
pub(super) struct Choices {
    /// What was chosen at each depth, and of how many.
    path: Vec<(usize, usize)>,
    depth: usize,
    /// Chooses at random instead of exhausting the tree.
    random: Option<fastrand::Rng>,
    /// How often somebody may be interrupted who could go on.
    interruptions: Option<usize>,
    interrupted: usize,
}

impl Choices {
    /// The first path; or random ones.
    pub(super) fn new(random: Option<fastrand::Rng>, interruptions: Option<usize>) -> Self {
        Self { random, interruptions, ..Self::default() }
    }

    /// The choice at this depth: the one that is to be explored, or the first at a new depth. `going_on` is the one
    /// that does not interrupt anybody.
    fn choose(&mut self, options: usize, going_on: Option<usize>) -> usize {
        let exhausted = self.interruptions.is_some_and(|limit| self.interrupted >= limit);
        if let Some(going_on) = going_on.filter(|_| exhausted) {
            return going_on;
        }
        if self.depth == self.path.len() {
            let first = self.random.as_mut().map_or(0, |random| random.usize(..options));
            self.path.push((first, options));
        }
        let (chosen, known) = self.path[self.depth];
        debug_assert_eq!(known, options, "the scenario is not deterministic");
        self.depth += 1;
        self.interrupted += usize::from(going_on.is_some_and(|going_on| going_on != chosen));
        chosen.min(options - 1)
    }

    /// Goes to the next path; gives whether there is one.
    pub(super) fn next(&mut self) -> bool {
        self.path.truncate(self.depth);
        (self.depth, self.interrupted) = (0, 0);
        if self.random.is_some() {
            self.path.clear();
            return true;
        }
        while let Some((chosen, options)) = self.path.pop() {
            if chosen + 1 < options {
                self.path.push((chosen + 1, options));
                return true;
            }
        }
        false
    }

    pub(super) fn taken(&self) -> Vec<usize> {
        self.path.iter().take(self.depth).map(|(chosen, _)| *chosen).collect()
    }
}
