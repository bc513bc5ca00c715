//! Randomised transactions over three services, with crashes, and the check that a serial order explains all
//! that they saw.
//!
//! Every transaction reads before it writes and writes values of its own, so the order of the versions of each
//! key is known. Long with `BELDI_SIMULATION=long`; a seed is repeated with `BELDI_SEED`.

#![expect(clippy::print_stdout, reason = "what a history consists of is worth seeing")]

mod author;
#[path = "../../examples/common/crashes.rs"]
mod crashes;
mod services;
#[path = "../common/simulation.rs"]
mod simulation;

use std::sync::{Arc, Mutex, PoisonError};

use author::{Author, all_keys};
use beldi::Client;
use beldi::host::{CrashPlan, LocalHost};
use beldi::testing::{Access, History, Transaction};
use crashes::Crashes;
use services::{Color, Outcome, Plan, blue, color_of, green, red};
use simulation::{answer, assert_at_rest, is_long, seeds, world};
use tokio::time::Instant;

/// What all clients have recorded so far, by one clock.
struct Recorder {
    start: Instant,
    history: Mutex<History>,
}

impl Recorder {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).expect("a short test")
    }

    fn record(&self, transaction: Transaction) {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).record(transaction);
    }
}

/// What one client does, one after another.
async fn work(client: Client, recorder: Arc<Recorder>, mut author: Author, calls: u32) {
    for number in 0..calls {
        let id = format!("{} call {number}", author.name);
        let home = author.home();
        let began = recorder.now();
        let transaction = match author.random.u32(..10) {
            0..=5 => transaction(&client, &id, home, author.plan(home)).await,
            6 => {
                let seen = audit(&client, &id, home).await;
                Transaction::committed(&id).with(seen)
            }
            7 | 8 => {
                let (key, value) = (author.key(home), author.value());
                let (seen, swapped) = swap(&client, &id, key, &value).await;
                let read = Transaction::committed(&id).read(key, seen.as_deref());
                if !swapped {
                    // It has changed nothing, and so is a plain read.
                    recorder.record(read.since(began));
                    continue;
                }
                read.write(key, &value)
            }
            _ => {
                let key = author.key(home);
                let seen = peek(&client, &id, key).await;
                recorder.record(Transaction::committed(&id).read(key, seen.as_deref()).since(began));
                continue;
            }
        };
        recorder.record(transaction.between(began, recorder.now()));
    }
}

async fn transaction(client: &Client, id: &str, home: Color, plan: Plan) -> Transaction {
    let Outcome { accesses, committed } = match home {
        Color::Red => answer(client, id, || red::transact(plan.clone())).await,
        Color::Green => answer(client, id, || green::transact(plan.clone())).await,
        Color::Blue => answer(client, id, || blue::transact(plan.clone())).await,
    };
    assert_eq!(committed, !plan.rolls_back, "{id}: what is committed is what was to be");
    let transaction = if committed { Transaction::committed(id) } else { Transaction::rolled_back(id) };
    transaction.with(accesses)
}

async fn audit(client: &Client, id: &str, home: Color) -> Vec<Access> {
    let seen = match home {
        Color::Red => answer(client, id, || red::audit(all_keys())).await,
        Color::Green => answer(client, id, || green::audit(all_keys())).await,
        Color::Blue => answer(client, id, || blue::audit(all_keys())).await,
    };
    assert_eq!(seen.len(), all_keys().len(), "{id}: it reads all keys");
    seen
}

async fn swap(client: &Client, id: &str, key: &str, value: &str) -> (Option<String>, bool) {
    let (key, value) = (key.to_owned(), value.to_owned());
    match color_of(&key) {
        Color::Red => answer(client, id, || red::swap(key.clone(), value.clone())).await,
        Color::Green => answer(client, id, || green::swap(key.clone(), value.clone())).await,
        Color::Blue => answer(client, id, || blue::swap(key.clone(), value.clone())).await,
    }
}

async fn peek(client: &Client, id: &str, key: &str) -> Option<String> {
    let key = key.to_owned();
    match color_of(&key) {
        Color::Red => answer(client, id, || red::peek(key.clone())).await,
        Color::Green => answer(client, id, || green::peek(key.clone())).await,
        Color::Blue => answer(client, id, || blue::peek(key.clone())).await,
    }
}

/// One run; gives its host and what was recorded.
async fn run(seed: u64, crashes: Option<Arc<Crashes>>) -> (LocalHost, History) {
    let (clients, calls) = if is_long() { (8, 30) } else { (6, 12) };
    let host = world(seed, crashes.clone().map(|crashes| crashes as Arc<dyn CrashPlan>)).await;
    let recorder = Arc::new(Recorder { start: Instant::now(), history: Mutex::default() });
    let workers = (0..clients).map(|number| {
        let author = Author::new(1_000 * seed + number, format!("client {number}"));
        tokio::spawn(work(host.client(), Arc::clone(&recorder), author, calls))
    });
    for worker in futures_util::future::join_all(workers).await {
        worker.expect("a client that did not panic");
    }
    if let Some(crashes) = crashes {
        crashes.end();
    }
    assert_at_rest(&host).await;
    let began = recorder.now();
    let last = audit(&host.client(), "the last audit", Color::Red).await;
    recorder.record(Transaction::committed("the last audit").with(last).between(began, recorder.now()));
    let history = recorder.history.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (host, history)
}

fn check(seed: u64, host: &LocalHost, history: &History) {
    let statistics = host.statistics();
    match history.check() {
        Ok(summary) => {
            println!("seed {seed}: {summary}; {statistics:?}");
            assert!(summary.rolled_back > 0 && summary.versions > 20 && summary.real_time > 20, "{summary}");
        }
        Err(anomaly) => panic!("seed {seed}: {anomaly}"),
    }
}

#[tokio::test(start_paused = true)]
async fn transactions_have_a_serial_order() {
    for seed in seeds(3, 40) {
        let (host, history) = run(seed, None).await;
        check(seed, &host, &history);
    }
}

#[tokio::test(start_paused = true)]
async fn transactions_have_a_serial_order_while_attempts_die() {
    for seed in seeds(3, 40) {
        // Everything here runs on one thread, so the same seed gives the same crashes.
        fastrand::seed(seed);
        let (host, history) = run(seed, Some(Arc::new(Crashes::new(0.25)))).await;
        let statistics = host.statistics();
        assert!(statistics.crashed * 6 >= statistics.attempts, "{statistics:?}");
        check(seed, &host, &history);
    }
}
