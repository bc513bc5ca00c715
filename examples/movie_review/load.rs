//! The load: users who write reviews and read pages, all at the same time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use beldi::{Client, ClientError};
use hdrhistogram::Histogram;
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::calls::{answer, observe, start};
use crate::ledger::{Asked, Ledger, Outcome};
use crate::services::frontend::{self, ReviewRequest};
use crate::services::page::{self, PageRequest};
use crate::services::rating::MAX_STARS;

/// What users do, of a hundred times: read a page, send a review without waiting for it, send one that cannot be
/// taken; and otherwise send one and wait for the answer.
const READS: u32 = 40;
const STARTS: u32 = 15;
const MISTAKES: u32 = 3;

const OPINIONS: [&str; 8] = [
    "The first hour is patient and the last one pays for it.",
    "I saw it twice in one week and would go again.",
    "Handsome, well played, and half an hour too long.",
    "Nobody in this film does what you expect, and everybody is right.",
    "The music does the work that the script avoids.",
    "A small story, told without one wasted shot.",
    "I admired it more than I liked it.",
    "My neighbour in the cinema wept, and so, in the end, did I.",
];

/// What all users share.
pub(crate) struct Load {
    pub(crate) client: Client,
    pub(crate) ledger: Arc<Ledger>,
    /// Titles and ids, the most popular first.
    pub(crate) films: Vec<(String, String)>,
    /// Names and ids.
    pub(crate) users: Vec<(String, Uuid)>,
    /// Becomes true when they are to stop early.
    pub(crate) interrupted: watch::Receiver<bool>,
    pub(crate) progress: Progress,
}

/// How far they are.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) composed: AtomicU64,
    pub(crate) started: AtomicU64,
    pub(crate) pages: AtomicU64,
    pub(crate) refused: AtomicU64,
}

impl Progress {
    /// All requests so far that came to something.
    pub(crate) fn total(&self) -> u64 {
        let counters = [&self.composed, &self.started, &self.pages, &self.refused];
        counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum()
    }
}

/// How long what took, and what went wrong.
pub(crate) struct Measured {
    pub(crate) compose: Histogram<u64>,
    pub(crate) page: Histogram<u64>,
    pub(crate) time: Duration,
    pub(crate) failures: Vec<String>,
}

/// Why a user gives up. None of this may happen.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the ledger: {0}")]
    Ledger(#[from] io::Error),
    #[error("{0}")]
    Answer(String),
}

impl Measured {
    fn new() -> Self {
        Self { compose: histogram(), page: histogram(), time: Duration::ZERO, failures: Vec::new() }
    }

    fn add(&mut self, other: Self) {
        self.compose += other.compose;
        self.page += other.page;
        self.failures.extend(other.failures);
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three significant digits are within what a histogram can have")
}

fn record(histogram: &mut Histogram<u64>, since: Instant) {
    *histogram += u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
}

impl Load {
    /// Lets all users work for `time`, or until they are told to stop; each ends what it has begun.
    pub(crate) async fn run(self: &Arc<Self>, time: Duration) -> Measured {
        let begin = Instant::now();
        let until = begin + time;
        let mut users = JoinSet::new();
        for user in 0..self.users.len() {
            let load = Arc::clone(self);
            users.spawn(async move { load.user(user, until).await });
        }
        let mut measured = Measured::new();
        users.join_all().await.into_iter().for_each(|one| measured.add(one));
        measured.time = begin.elapsed();
        measured
    }

    async fn user(&self, user: usize, until: Instant) -> Measured {
        let mut measured = Measured::new();
        while Instant::now() < until && !*self.interrupted.borrow() {
            if let Err(failure) = self.one_request(user, &mut measured).await {
                measured.failures.push(failure.to_string());
            }
        }
        measured
    }

    async fn one_request(&self, user: usize, measured: &mut Measured) -> Result<(), Failure> {
        let dice = fastrand::u32(..100);
        if dice < READS {
            return self.read(measured).await;
        }
        let (mut request, asked) = self.review(user);
        self.ledger.asked(asked.clone())?;
        if dice < READS + STARTS {
            return self.start(request, &asked).await;
        }
        if dice < READS + STARTS + MISTAKES {
            spoil(&mut request);
        }
        self.compose(request, &asked, measured).await
    }

    async fn read(&self, measured: &mut Measured) -> Result<(), Failure> {
        let (_, film) = self.film();
        let begin = Instant::now();
        let answer = observe(&self.client, || page::read(PageRequest { film: film.clone(), next: None })).await?;
        record(&mut measured.page, begin);
        self.progress.pages.fetch_add(1, Ordering::Relaxed);
        answer.map(drop).map_err(|error| Failure::Answer(error.to_string()))
    }

    async fn start(&self, request: ReviewRequest, asked: &Asked) -> Result<(), Failure> {
        start(&self.client, &asked.key.to_string(), || frontend::compose(request.clone())).await?;
        self.ledger.got(asked.key, Outcome::Started)?;
        self.progress.started.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn compose(&self, request: ReviewRequest, asked: &Asked, measured: &mut Measured) -> Result<(), Failure> {
        let begin = Instant::now();
        let answer = answer(&self.client, &asked.key.to_string(), || frontend::compose(request.clone())).await?;
        let (outcome, count) = match answer {
            Ok(review) => {
                record(&mut measured.compose, begin);
                (Outcome::Answered(review), &self.progress.composed)
            }
            Err(_) => (Outcome::Refused, &self.progress.refused),
        };
        self.ledger.got(asked.key, outcome)?;
        count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// A review, and what the ledger says of it. Its text ends with the idempotency key: so reviews that are
    /// stored can be matched with requests without asking a journal.
    fn review(&self, user: usize) -> (ReviewRequest, Asked) {
        let ((name, id), (title, film)) = (&self.users[user], self.film());
        let (key, stars) = (Uuid::new_v4(), fastrand::u8(..=MAX_STARS));
        let text = format!("{} #{key}", OPINIONS[fastrand::usize(..OPINIONS.len())]);
        let request = ReviewRequest { user: name.clone(), title: title.clone(), stars, text };
        (request, Asked { key, user: *id, film: film.clone(), stars })
    }

    /// Some films are much more popular than others, so that there is always somebody else at their rows.
    fn film(&self) -> &(String, String) {
        let popularity = fastrand::f64().powi(3);
        &self.films[(popularity * self.films.len() as f64) as usize]
    }
}

/// Makes one of the mistakes that users make.
fn spoil(request: &mut ReviewRequest) {
    match fastrand::u8(..4) {
        0 => request.title.push_str(" II: The Sequel That Never Was"),
        1 => request.user.push_str(" (misspelled)"),
        2 => request.stars = MAX_STARS + 1,
        _ => request.text.push_str(&" And so on.".repeat(500)),
    }
}
