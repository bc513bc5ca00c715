//! What becomes of the rows of a transaction that is rolled back: all are found and released, and no zombie sees what
//! never was while that happens.

mod acquisitions;
mod branches;
#[path = "../common/mod.rs"]
mod common;
mod parts;
mod plans;
mod recorded;
mod refusals;
mod rolled_back;
mod told;
mod unstorable;
mod zombies;

use beldi::host::{CrashPoint, LocalHost, When};
use beldi::prelude::*;
use beldi::testing::locked_rows;
use beldi::{Client, Settings};

beldi::service!(Shop = "shop");
beldi::service!(Bank = "bank");
beldi::service!(Desk = "desk");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Bank, table = "accounts")]
struct Account {
    #[beldi(partition_key)]
    owner: String,
    balance: i64,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Refused;

#[beldi::function(service = Bank)]
async fn open(owner: String) {
    Account { owner, balance: 10 }.put().await;
}

#[beldi::function(service = Bank, read_only)]
async fn balance(owner: String) -> i64 {
    Account::get(&owner).await.map_or(0, |account| account.balance)
}

/// Nobody asks again by itself.
fn settings() -> Settings {
    Settings { call_tries: 1, ..Settings::default() }
}

/// Opens three accounts with 10 in each.
async fn opened(host: &LocalHost) -> Client {
    let client = host.client();
    for owner in ["ann", "bob", "zoe"] {
        client.call(open(owner.into())).await.expect("the setup");
    }
    client
}

async fn locked(host: &LocalHost) -> usize {
    locked_rows(host).await.expect("the store answers").len()
}

/// Whether an attempt is about to take, look at, or let go an account.
fn updates(point: &CrashPoint, function: &str) -> bool {
    let here = point.invocation.function == function && point.when == When::Before;
    here && point.action == "UpdateItem accounts"
}

fn is_about(point: &CrashPoint, owner: &str) -> bool {
    point.key.as_deref().is_some_and(|key| key.contains(owner))
}
