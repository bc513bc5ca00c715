//! What is wrong, and compiles.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use beldi::prelude::*;

use crate::{calendar, provider};

beldi::service!(pub Shop = "faulty-shop");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "faulty-stock")]
pub struct Stock {
    #[beldi(partition_key)]
    pub article: String,
    pub free: i64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "faulty-invoices")]
pub struct Invoice {
    #[beldi(partition_key)]
    pub order: String,
    pub number: u32,
    pub stamp: String,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "faulty-accounts")]
pub struct Account {
    #[beldi(partition_key)]
    pub owner: String,
    pub cents: i64,
}

// ANCHOR: map
#[beldi::function(service = Shop)]
pub async fn reserve(lines: HashMap<String, i64>) {
    for (article, count) in lines {
        Stock::update(&article).add(Stock::FREE, -count).await;
    }
}
// ANCHOR_END: map

// ANCHOR: static
static LAST_NUMBER: AtomicU32 = AtomicU32::new(0);

#[beldi::function(service = Shop)]
pub async fn number(order: String) -> u32 {
    let number = LAST_NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
    Invoice { order, number, stamp: String::new() }.put().await;
    number
}
// ANCHOR_END: static

// ANCHOR: clock
#[beldi::function(service = Shop)]
pub async fn date(order: String) {
    let stamp = calendar::stamp_of_today();
    Invoice { order, number: 1, stamp }.put().await;
}
// ANCHOR_END: clock

// ANCHOR: external
#[beldi::function(service = Shop)]
pub async fn pay(owner: String, cents: i64) -> bool {
    let charged = beldi::external("charge", |_key| provider::charge(&owner, cents, None)).await;
    Account::update(&owner).add(Account::CENTS, cents).await;
    charged.is_ok()
}
// ANCHOR_END: external

// ANCHOR: transfer
#[beldi::function(service = Shop)]
pub async fn transfer(from: String, to: String, cents: i64) -> bool {
    let (Some(mut from), Some(mut to)) = (Account::get(&from).await, Account::get(&to).await) else { return false };
    from.cents -= cents;
    to.cents += cents;
    from.put().await;
    to.put().await;
    true
}
// ANCHOR_END: transfer
