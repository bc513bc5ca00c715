//! Events, and the worker processes that take them: what the Runtime API is about.
//!
//! Invariant: an event is with the queue, with one worker, or answered. It is noted at hand-over, under the lock, which
//! worker has it, so that a worker that dies answers for all that it had.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use serde_json::json;
use tokio::sync::oneshot;

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The handler's answer.
    Answered(Bytes),
    /// The handler failed, or the worker died, as Lambda tells it.
    Failed(Bytes),
}

/// An event on its way to a worker.
#[derive(Debug, Clone)]
pub(super) struct Delivered {
    pub(super) request: String,
    pub(super) payload: Bytes,
    pub(super) deadline_ms: u64,
}

struct Waiting {
    event: Delivered,
    reply: oneshot::Sender<Outcome>,
}

struct Running {
    worker: u64,
    reply: oneshot::Sender<Outcome>,
}

struct Poll {
    worker: u64,
    hand_over: oneshot::Sender<Delivered>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Waiting>,
    polls: VecDeque<Poll>,
    running: HashMap<String, Running>,
    /// Workers that have asked for an event at least once.
    started: HashSet<u64>,
}

/// The events and workers of one host. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Pool {
    state: Arc<Mutex<State>>,
}

impl Pool {
    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives an event to a worker that waits, or to the next that asks.
    pub(super) fn send(&self, event: Delivered) -> oneshot::Receiver<Outcome> {
        let (reply, outcome) = oneshot::channel();
        let mut state = self.locked();
        state.queue.push_back(Waiting { event, reply });
        state.match_up();
        outcome
    }

    /// A worker asks for an event.
    pub(super) fn next(&self, worker: u64) -> oneshot::Receiver<Delivered> {
        let (hand_over, event) = oneshot::channel();
        let mut state = self.locked();
        state.started.insert(worker);
        state.polls.push_back(Poll { worker, hand_over });
        state.match_up();
        event
    }

    /// A worker has an answer. Gives whether it was waited for.
    pub(super) fn answer(&self, worker: u64, request: &str, outcome: Outcome) -> bool {
        let mut state = self.locked();
        if state.running.get(request).is_none_or(|running| running.worker != worker) {
            return false;
        }
        let running = state.running.remove(request);
        running.is_some_and(|running| running.reply.send(outcome).is_ok())
    }

    /// Which worker has an event.
    pub(super) fn worker_of(&self, request: &str) -> Option<u64> {
        self.locked().running.get(request).map(|running| running.worker)
    }

    /// A worker is dead: what it had has failed. One that died before it asked for anything takes one event of the
    /// queue with it, or a program that cannot start would be started for ever.
    pub(super) fn died(&self, worker: u64) {
        let mut state = self.locked();
        state.polls.retain(|poll| poll.worker != worker);
        let mut failed = Vec::new();
        let requests: Vec<_> =
            state.running.iter().filter(|(_, running)| running.worker == worker).map(|(id, _)| id.clone()).collect();
        for request in requests {
            failed.extend(state.running.remove(&request).map(|running| running.reply));
        }
        if !state.started.remove(&worker) {
            failed.extend(state.queue.pop_front().map(|waiting| waiting.reply));
        }
        for reply in failed {
            let told = json!({ "errorType": "Runtime.ExitError", "errorMessage": "the worker process died" });
            // Whoever asked may be dead too.
            let _ = reply.send(Outcome::Failed(told.to_string().into()));
        }
    }
}

impl State {
    fn match_up(&mut self) {
        while !self.queue.is_empty()
            && let Some(Poll { worker, hand_over }) = self.polls.pop_front()
        {
            let Some(Waiting { event, reply }) = self.queue.pop_front() else { return };
            if reply.is_closed() {
                // Whoever asked has gone away; the worker can take another.
                self.polls.push_front(Poll { worker, hand_over });
                continue;
            }
            let request = event.request.clone();
            self.running.insert(request.clone(), Running { worker, reply });
            if let Err(event) = hand_over.send(event) {
                // The worker has gone away before it could take it.
                let reply = self.running.remove(&request).map(|running| running.reply);
                self.queue.extend(reply.map(|reply| Waiting { event, reply }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Delivered, Outcome, Pool};

    fn event(request: &str) -> Delivered {
        Delivered { request: request.to_owned(), payload: Bytes::new(), deadline_ms: 0 }
    }

    #[test]
    fn an_event_goes_to_one_worker_and_its_answer_back() {
        let pool = Pool::default();
        let mut outcome = pool.send(event("a"));
        let mut taken = pool.next(1);
        assert_eq!(taken.try_recv().expect("an event").request, "a");
        assert!(!pool.answer(2, "a", Outcome::Answered(Bytes::new())), "another worker's answer");
        assert!(pool.answer(1, "a", Outcome::Answered("x".into())));
        assert!(!pool.answer(1, "a", Outcome::Answered("y".into())), "answered twice");
        assert_eq!(outcome.try_recv().expect("an answer"), Outcome::Answered("x".into()));
    }

    #[test]
    fn a_worker_that_dies_fails_all_that_it_had_and_nothing_else() {
        let pool = Pool::default();
        let (_first, _second, _third) = (pool.next(1), pool.next(1), pool.next(2));
        let mut outcomes = [pool.send(event("a")), pool.send(event("b")), pool.send(event("c"))];
        pool.died(1);
        let [a, b, c] = &mut outcomes;
        assert!(matches!(a.try_recv(), Ok(Outcome::Failed(_))));
        assert!(matches!(b.try_recv(), Ok(Outcome::Failed(_))));
        assert!(c.try_recv().is_err(), "it is still with the other");
        assert_eq!(pool.worker_of("c"), Some(2));
    }

    #[test]
    fn a_worker_that_never_asks_takes_one_event_with_it() {
        let pool = Pool::default();
        let (mut first, mut second) = (pool.send(event("a")), pool.send(event("b")));
        pool.died(1);
        assert!(matches!(first.try_recv(), Ok(Outcome::Failed(_))));
        assert!(second.try_recv().is_err());
    }

    #[test]
    fn an_event_comes_back_from_a_worker_that_is_not_there() {
        let pool = Pool::default();
        drop(pool.next(1));
        let _outcome = pool.send(event("a"));
        assert_eq!(pool.next(2).try_recv().expect("the event").request, "a");
    }
}
