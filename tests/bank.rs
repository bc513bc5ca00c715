//! Transfers between accounts in three services, while attempts die: no money appears or disappears, not at the
//! end, not in any audit, and not in the eyes of a transaction that is about to die.
//!
//! Long with `BELDI_SIMULATION=long`; a seed is repeated with `BELDI_SEED`.

#![expect(clippy::print_stdout, reason = "how many attempts died is worth seeing")]

#[path = "../examples/common/crashes.rs"]
mod crashes;
#[path = "common/simulation.rs"]
mod simulation;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use beldi::host::{CrashPlan, LocalHost};
use beldi::prelude::*;
use crashes::Crashes;
use simulation::{answer, assert_at_rest, is_long, seeds, world};

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bank {
    North,
    South,
    East,
}

/// An account: its bank, and its number there.
type Name = (Bank, u32);

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Insufficient {
    missing: i64,
}

/// A service that owns accounts.
macro_rules! bank {
    ($module:ident $service:ident $name:tt $table:tt) => {
        mod $module {
            use beldi::prelude::*;

            use super::Insufficient;

            beldi::service!(pub(crate) $service = $name);

            #[derive(Item, Serialize, Deserialize, Clone, Debug)]
            #[beldi(service = $service, table = $table)]
            struct Account {
                #[beldi(partition_key)]
                number: u32,
                balance: i64,
            }

            #[beldi::function(service = $service)]
            pub(crate) async fn open(number: u32, balance: i64) {
                Account { number, balance }.put().await;
            }

            #[beldi::function(service = $service)]
            pub(crate) async fn withdraw(number: u32, amount: i64) -> Result<i64, Insufficient> {
                let balance = Account::get(number).await.map_or(0, |account| account.balance) - amount;
                if balance < 0 {
                    return Err(Insufficient { missing: -balance });
                }
                Account { number, balance }.put().await;
                Ok(balance)
            }

            #[beldi::function(service = $service)]
            pub(crate) async fn deposit(number: u32, amount: i64) -> i64 {
                let balance = Account::get(number).await.map_or(0, |account| account.balance) + amount;
                Account { number, balance }.put().await;
                balance
            }

            #[beldi::function(service = $service, read_only)]
            pub(crate) async fn balance(number: u32) -> i64 {
                Account::get(number).await.map_or(0, |account| account.balance)
            }
        }
    };
}

bank!(north North "north" "north_accounts");
bank!(south South "south" "south_accounts");
bank!(east East "east" "east_accounts");

beldi::service!(Office = "office");

/// What was transferred, written in the same transaction.
#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Office, table = "receipts")]
struct Receipt {
    #[beldi(partition_key)]
    id: String,
    order: Order,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
struct Order {
    from: Name,
    to: Name,
    amount: i64,
    way: Way,
}

/// In which order the calls of a transfer are made.
#[derive(Serialize, Deserialize, Clone, Copy, Debug)]
enum Way {
    WithdrawFirst,
    /// Finds out that there is not enough when the deposit has been made.
    DepositFirst,
    AtOnce,
    /// Each bank is called twice.
    InHalves,
}

#[beldi::helper]
async fn withdraw((bank, number): Name, amount: i64) -> Result<i64, Insufficient> {
    match bank {
        Bank::North => north::withdraw(number, amount).await,
        Bank::South => south::withdraw(number, amount).await,
        Bank::East => east::withdraw(number, amount).await,
    }
}

#[beldi::helper]
async fn deposit((bank, number): Name, amount: i64) -> i64 {
    match bank {
        Bank::North => north::deposit(number, amount).await,
        Bank::South => south::deposit(number, amount).await,
        Bank::East => east::deposit(number, amount).await,
    }
}

#[beldi::helper(read_only)]
async fn balance((bank, number): Name) -> i64 {
    match bank {
        Bank::North => north::balance(number).await,
        Bank::South => south::balance(number).await,
        Bank::East => east::balance(number).await,
    }
}

#[beldi::function(service = Office)]
async fn transfer(id: String, order: Order) -> Result<(), Insufficient> {
    let Order { from, to, amount, way } = order.clone();
    beldi::txn! {
        match way {
            Way::WithdrawFirst => {
                withdraw(from, amount).await?;
                deposit(to, amount).await;
            }
            Way::DepositFirst => {
                deposit(to, amount).await;
                withdraw(from, amount).await?;
            }
            Way::AtOnce => {
                let (withdrawn, _) = beldi::join!(withdraw(from, amount), deposit(to, amount));
                withdrawn?;
            }
            Way::InHalves => {
                for part in [amount / 2, amount - amount / 2] {
                    withdraw(from, part).await?;
                    deposit(to, part).await;
                }
            }
        }
        Receipt { id: id.clone(), order: order.clone() }.put().await;
        Ok(())
    }
}

#[beldi::function(service = Office, read_only)]
async fn receipt(id: String) -> Option<Order> {
    Receipt::get(&id).await.map(|receipt| receipt.order)
}

/// The sum of all accounts, read in one transaction.
#[beldi::function(service = Office)]
async fn audit(accounts: Vec<Name>, total: i64) -> i64 {
    let sum: Result<i64, Insufficient> = beldi::txn! { read_only =>
        let mut sum = 0;
        for account in &accounts {
            sum += balance(*account).await;
        }
        must_be(total, sum);
        Ok(sum)
    };
    sum.unwrap_or_default()
}

/// Moves one from the richest account to the poorest. What it reads, it may write.
#[beldi::function(service = Office)]
async fn level(accounts: Vec<Name>, total: i64) -> Result<(), Insufficient> {
    beldi::txn! {
        let mut balances = Vec::new();
        for account in &accounts {
            balances.push((balance(*account).await, *account));
        }
        must_be(total, balances.iter().map(|(balance, _)| balance).sum());
        balances.sort_unstable();
        if let [(_, poorest), .., (_, richest)] = balances[..] {
            withdraw(richest, 1).await?;
            deposit(poorest, 1).await;
        }
        Ok(())
    }
}

/// How often a body saw a sum that never was.
static INCONSISTENT: AtomicU64 = AtomicU64::new(0);

/// The attempt would be repeated after the panic, and might see a right sum then: so it is counted, too.
fn must_be(total: i64, sum: i64) {
    if sum != total {
        INCONSISTENT.fetch_add(1, Ordering::SeqCst);
        panic!("the sum of all accounts is {sum} and not {total}");
    }
}

const BALANCE: i64 = 30;

fn accounts() -> Vec<Name> {
    [Bank::North, Bank::South, Bank::East].into_iter().flat_map(|bank| [(bank, 1), (bank, 2)]).collect()
}

fn total() -> i64 {
    BALANCE * i64::try_from(accounts().len()).expect("a few accounts")
}

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
    let (clients, calls) = if is_long() { (12, 80) } else { (5, 12) };
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
    assert_eq!(INCONSISTENT.load(Ordering::SeqCst), 0, "seed {seed}: a body saw a sum that never was");
    assert!(done > 10 && done < sent.len(), "both outcomes are to be seen: {done} of {}", sent.len());
    // Attempts that tell decisions have few requests to die at.
    assert!(statistics.crashed * 6 >= statistics.attempts, "{statistics:?}");
}

#[tokio::test(start_paused = true)]
async fn money_is_conserved_while_attempts_die() {
    for seed in seeds(3, 20) {
        run(seed).await;
    }
}
