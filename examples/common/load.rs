//! The load: users who do one thing after another, all at the same time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use beldi::ClientError;
use hdrhistogram::Histogram;
use indicatif::HumanCount;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What users do.
pub(crate) trait Users: Send + Sync + 'static {
    /// What can become of a request, in the order in which it is told.
    const KINDS: &'static [Kind];

    /// How many there are.
    fn number(&self) -> usize;

    /// Lets one of them do one thing, and gives the place of its kind. `None` if there is nothing left to do.
    fn one_request(&self, user: usize) -> impl Future<Output = Result<Option<usize>, Failure>> + Send;
}

/// What became of a request.
pub(crate) struct Kind {
    /// The request: `read a page`.
    pub(crate) request: &'static str,
    /// Many that are done: `pages read`.
    pub(crate) done: &'static str,
}

/// Why a user gives up. None of this may happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the ledger: {0}")]
    Ledger(#[from] io::Error),
    #[error("{0}")]
    Answer(String),
}

/// Users at work.
pub(crate) struct Load<U> {
    pub(crate) users: U,
    /// Becomes true when they are to stop early.
    pub(crate) interrupted: watch::Receiver<bool>,
    counts: Vec<AtomicU64>,
}

/// How long what took, and what went wrong.
pub(crate) struct Measured {
    /// How many requests of each kind took how many microseconds.
    pub(crate) latencies: Vec<Histogram<u64>>,
    pub(crate) time: Duration,
    pub(crate) failures: Vec<String>,
}

impl Measured {
    fn new(kinds: usize) -> Self {
        let latencies = (0..kinds).map(|_| histogram()).collect();
        Self { latencies, time: Duration::ZERO, failures: Vec::new() }
    }

    /// All requests that came to something.
    pub(crate) fn total(&self) -> u64 {
        self.latencies.iter().map(Histogram::len).sum()
    }

    fn add(&mut self, other: Self) {
        self.latencies.iter_mut().zip(other.latencies).for_each(|(sum, one)| *sum += one);
        self.failures.extend(other.failures);
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three significant digits are within what a histogram can have")
}

impl<U: Users> Load<U> {
    /// Users who have done nothing yet.
    pub(crate) fn new(users: U, interrupted: watch::Receiver<bool>) -> Arc<Self> {
        let counts = U::KINDS.iter().map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self { users, interrupted, counts })
    }

    /// Whether they were told to stop early.
    pub(crate) fn was_cut_short(&self) -> bool {
        *self.interrupted.borrow()
    }

    /// Lets all users work for `time`, until there is nothing left to do, or until they are told to stop; each
    /// ends what it has begun.
    pub(crate) async fn run(self: &Arc<Self>, time: Duration) -> Measured {
        let begin = Instant::now();
        let until = begin + time;
        let mut users = JoinSet::new();
        for user in 0..self.users.number() {
            let load = Arc::clone(self);
            users.spawn(async move { load.user(user, until).await });
        }
        let mut measured = Measured::new(U::KINDS.len());
        users.join_all().await.into_iter().for_each(|one| measured.add(one));
        measured.time = begin.elapsed();
        measured
    }

    /// How far they are, in words.
    pub(crate) fn progress(&self) -> String {
        let counts = U::KINDS.iter().zip(&self.counts);
        let told = counts.map(|(kind, count)| format!("{} {}", HumanCount(count.load(Ordering::Relaxed)), kind.done));
        told.collect::<Vec<_>>().join(", ")
    }

    async fn user(&self, user: usize, until: Instant) -> Measured {
        let mut measured = Measured::new(U::KINDS.len());
        while Instant::now() < until && !self.was_cut_short() {
            let begin = Instant::now();
            match self.users.one_request(user).await {
                Ok(Some(kind)) => {
                    measured.latencies[kind] += u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
                    self.counts[kind].fetch_add(1, Ordering::Relaxed);
                }
                Ok(None) => break,
                Err(failure) => measured.failures.push(failure.to_string()),
            }
        }
        measured
    }
}
