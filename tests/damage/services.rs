//! Functions that observe, write, and take part in transactions.

use beldi::InstanceId;
use beldi::prelude::*;

beldi::service!(pub(crate) Bank = "bank");
beldi::service!(pub(crate) Till = "till");

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Bank, table = "accounts")]
pub(crate) struct Account {
    #[beldi(partition_key)]
    pub(crate) owner: String,
    pub(crate) balance: i64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Till, table = "drawers")]
pub(crate) struct Drawer {
    #[beldi(partition_key)]
    pub(crate) name: String,
    pub(crate) cash: i64,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub(crate) struct Short;

#[beldi::function(service = Bank)]
pub(crate) async fn copy(from: String, to: String) -> i64 {
    let seen = Account::get(&from).await.map_or(0, |account| account.balance);
    Account { owner: to.clone(), balance: seen }.put().await;
    let other = Account::get("other").await.map_or(0, |account| account.balance);
    Account { owner: format!("{to}-2"), balance: seen + other }.put().await;
    let last = Account::get("last").await.map_or(0, |account| account.balance);
    Account { owner: format!("{to}-3"), balance: last }.put().await;
    seen + other + last
}

#[beldi::function(service = Bank)]
pub(crate) async fn add(owner: String) {
    Account::update(&owner).add(Account::BALANCE, 1).await;
}

#[beldi::function(service = Till)]
pub(crate) async fn take(name: String, amount: i64) -> Result<i64, Short> {
    let mut drawer = Drawer::get(&name).await.ok_or(Short)?;
    drawer.cash -= amount;
    let left = drawer.cash;
    drawer.put().await;
    Ok(left)
}

#[beldi::function(service = Bank)]
pub(crate) async fn pay_in(owner: String, amount: i64) -> Result<i64, Short> {
    beldi::txn! {
        let mut account = Account::get(&owner).await.ok_or(Short)?;
        account.balance += amount;
        account.put().await;
        let left = take("front".to_owned(), amount).await?;
        Ok(left)
    }
}

/// The instance that the key `k` names.
pub(crate) fn instance_of(function: &str) -> InstanceId {
    InstanceId::from_idempotency_key("bank", function, "k")
}
