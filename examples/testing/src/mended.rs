//! The same, mended.

use std::collections::BTreeMap;

use beldi::prelude::*;

use crate::{calendar, provider};

beldi::service!(pub Shop = "mended-shop");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "mended-stock")]
pub struct Stock {
    #[beldi(partition_key)]
    pub article: String,
    pub free: i64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "mended-invoices")]
pub struct Invoice {
    #[beldi(partition_key)]
    pub order: String,
    pub number: u32,
    pub stamp: String,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "mended-accounts")]
pub struct Account {
    #[beldi(partition_key)]
    pub owner: String,
    pub cents: i64,
}

// ANCHOR: map
#[beldi::function(service = Shop)]
pub async fn reserve(lines: BTreeMap<String, i64>) {
    for (article, count) in lines {
        Stock::update(&article).add(Stock::FREE, -count).await;
    }
}
// ANCHOR_END: map

// ANCHOR: static
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "mended-numbers")]
pub struct LastNumber {
    #[beldi(partition_key)]
    pub of: String,
    pub number: u32,
}

#[beldi::function(service = Shop)]
pub async fn number(order: String) -> u32 {
    let numbered: Result<u32, ()> = beldi::txn! {
        let mut last = LastNumber::get("invoices").await.unwrap_or(LastNumber { of: "invoices".into(), number: 0 });
        last.number += 1;
        last.put().await;
        Invoice { order: order.clone(), number: last.number, stamp: String::new() }.put().await;
        Ok(last.number)
    };
    numbered.unwrap_or_default()
}
// ANCHOR_END: static

// ANCHOR: clock
#[beldi::function(service = Shop)]
pub async fn date(order: String) {
    let stamp = calendar::stamp(beldi::now().await);
    Invoice { order, number: 1, stamp }.put().await;
}
// ANCHOR_END: clock

// ANCHOR: external
#[beldi::function(service = Shop)]
pub async fn pay(owner: String, cents: i64) -> bool {
    let charged = beldi::external("charge", |key| provider::charge(&owner, cents, Some(key))).await;
    Account::update(&owner).add(Account::CENTS, cents).await;
    charged.is_ok()
}
// ANCHOR_END: external

// ANCHOR: transfer
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct NoAccount;

#[beldi::function(service = Shop)]
pub async fn transfer(from: String, to: String, cents: i64) -> Result<(), NoAccount> {
    beldi::txn! {
        let mut from = Account::get(&from).await.ok_or(NoAccount)?;
        let mut to = Account::get(&to).await.ok_or(NoAccount)?;
        from.cents -= cents;
        to.cents += cents;
        from.put().await;
        to.put().await;
        Ok(())
    }
}
// ANCHOR_END: transfer
