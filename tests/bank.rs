//! Transfers between accounts in three services, while attempts die: no money appears or disappears, not at the
//! end, not in any audit, and not in the eyes of a transaction that is about to die.
//!
//! Long with `BELDI_SIMULATION=long`; a seed is repeated with `BELDI_SEED`.

#![expect(clippy::print_stdout, reason = "how many attempts died is worth seeing")]

#[path = "common/bank.rs"]
mod bank;
#[path = "../examples/common/crashes.rs"]
mod crashes;
#[path = "common/simulation.rs"]
mod simulation;

use std::collections::BTreeMap;
use std::sync::Arc;

use bank::{
    BALANCE, Bank, Name, Order, Way, accounts, audit, east, inconsistent, level, north, receipt, south, total, transfer,
};
use beldi::host::{CrashPlan, LocalHost};
use crashes::Crashes;
use simulation::{answer, assert_at_rest, is_long, seeds, world};

fn order(random: &mut fastrand::Rng) -> Order {
    let mut accounts = accounts();
    random.shuffle(&mut accounts);
    let ways = [Way::WithdrawFirst, Way::DepositFirst, Way::AtOnce, Way::InHalves];
    // Some want more than any account is likely to have.
    Order { from: accounts[0], to: accounts[1], amount: random.i64(1..45), way: ways[random.usize(..4)] }
}

/// Sends orders, audits and levellings; gives the ids of the transfers with their orders and outcomes, and how
/// many of the others there were.
async fn work(host: LocalHost, seed: u64, name: u64, calls: u32) -> Vec<(String, Order, bool)> {
    let client = host.client();
    let mut random = fastrand::Rng::with_seed(1_000 * seed + name);
    let mut sent = Vec::new();
    for number in 0..calls {
        let id = format!("client {name} call {number}");
        match random.u32(..8) {
            0 => {
                let sum = answer(&client, &id, || audit(accounts(), total())).await;
                assert_eq!(sum, total(), "seed {seed}, {id}: the sum of an audit");
            }
            1 => drop(answer(&client, &id, || level(accounts(), total())).await),
            _ => {
                let order = order(&mut random);
                let done = answer(&client, &id, || transfer(id.clone(), order.clone())).await;
                sent.push((id, order, done.is_ok()));
            }
        }
    }
    sent
}

async fn balances(host: &LocalHost) -> BTreeMap<Name, i64> {
    let client = host.client();
    let mut balances = BTreeMap::new();
    for (bank, number) in accounts() {
        let balance = match bank {
            Bank::North => client.call(north::balance(number)).await,
            Bank::South => client.call(south::balance(number)).await,
            Bank::East => client.call(east::balance(number)).await,
        };
        balances.insert((bank, number), balance.expect("a balance"));
    }
    balances
}

async fn open_all(host: &LocalHost) {
    let client = host.client();
    for (bank, number) in accounts() {
        let key = format!("open {bank:?} {number}");
        match bank {
            Bank::North => answer(&client, &key, || north::open(number, BALANCE)).await,
            Bank::South => answer(&client, &key, || south::open(number, BALANCE)).await,
            Bank::East => answer(&client, &key, || east::open(number, BALANCE)).await,
        }
    }
}

async fn run(seed: u64) {
    // Everything here runs on one thread, so the same seed gives the same crashes.
    fastrand::seed(seed);
    let crashes = Arc::new(Crashes::new(0.3));
    let host = world(seed, Some(Arc::clone(&crashes) as Arc<dyn CrashPlan>)).await;
    open_all(&host).await;
    let (clients, calls) = if is_long() { (6, 24) } else { (5, 12) };
    let workers = (0..clients).map(|name| tokio::spawn(work(host.clone(), seed, name, calls)));
    let workers = futures_util::future::join_all(workers).await;
    let sent: Vec<_> = workers.into_iter().flat_map(|sent| sent.expect("a client that did not panic")).collect();
    crashes.end();
    assert_at_rest(&host).await;
    check(seed, &host, &sent).await;
}

async fn check(seed: u64, host: &LocalHost, sent: &[(String, Order, bool)]) {
    let statistics = host.statistics();
    let done = sent.iter().filter(|(_, _, done)| *done).count();
    println!("seed {seed}: {done} of {} transfers were made; {statistics:?}", sent.len());
    for (id, _, done) in sent {
        let receipt = host.client().call(receipt(id.clone())).await.expect("an answer");
        assert_eq!(receipt.is_some(), *done, "seed {seed}, {id}: a receipt says what the caller was told");
    }
    let balances = balances(host).await;
    assert_eq!(balances.values().sum::<i64>(), total(), "seed {seed}: {balances:?}");
    assert!(balances.values().all(|balance| *balance >= 0), "seed {seed}: {balances:?}");
    assert_eq!(inconsistent(), 0, "seed {seed}: a body saw a sum that never was");
    assert!(done > 10 && done < sent.len(), "both outcomes are to be seen: {done} of {}", sent.len());
    // Attempts that tell decisions have few requests to die at.
    assert!(statistics.crashed * 6 >= statistics.attempts, "{statistics:?}");
}

#[tokio::test(start_paused = true)]
async fn money_is_conserved_while_attempts_die() {
    for seed in seeds(3, 40) {
        run(seed).await;
    }
}
