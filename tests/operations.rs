//! Every operation, live: what a handler gets, and what is in the tables afterwards.

use beldi::prelude::*;
use beldi::store::EmbeddedStore;
use beldi::host::LocalHost;
use std::sync::Arc;

beldi::service!(pub Shop = "shop");
beldi::service!(pub Bank = "bank");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "stock")]
pub struct Stock {
    #[beldi(partition_key)]
    pub article: String,
    pub free: u32,
    pub tags: Vec<String>,
    pub note: Option<String>,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Bank, table = "accounts")]
pub struct Account {
    #[beldi(partition_key)]
    pub owner: String,
    pub balance: i64,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub struct SoldOut;

#[beldi::function(service = Shop)]
pub async fn stock_up(article: String, amount: u32) -> u32 {
    let mut stock = Stock::get(&article).await.unwrap_or(Stock { article, free: 0, tags: Vec::new(), note: None });
    stock.free += amount;
    stock.put().await;
    stock.free
}

#[beldi::function(service = Shop)]
pub async fn buy(article: String, buyer: String) -> Result<u32, SoldOut> {
    let mut stock = Stock::get(&article).await.ok_or(SoldOut)?;
    stock.free = stock.free.checked_sub(1).ok_or(SoldOut)?;
    stock.put().await;
    charge(buyer, 10).await;
    Ok(stock.free)
}

#[beldi::function(service = Bank)]
pub async fn charge(owner: String, amount: i64) {
    Account::update(&owner).add(Account::BALANCE, -amount).await;
}

#[tokio::test(start_paused = true)]
async fn a_purchase_changes_both_services() {
    let store = Arc::new(EmbeddedStore::in_memory().expect("an embedded store"));
    let host = LocalHost::builder(store).start().await.expect("a host");
    let client = host.client();
    assert_eq!(client.call(stock_up("tea".into(), 2)).await.expect("a result"), 2);
    assert_eq!(client.call(buy("tea".into(), "ann".into())).await.expect("a result"), Ok(1));
    assert_eq!(client.call(buy("tea".into(), "ann".into())).idempotency_key("k").await.expect("a result"), Ok(0));
    assert_eq!(client.call(buy("tea".into(), "ann".into())).idempotency_key("k").await.expect("a result"), Ok(0));
    assert_eq!(client.call(buy("tea".into(), "ann".into())).await.expect("a result"), Err(SoldOut));
}
