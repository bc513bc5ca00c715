//! The services whose transactions meet.

use beldi::prelude::*;

beldi::service!(pub(crate) Shop = "shop");
beldi::service!(pub(crate) Bank = "bank");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "counters")]
pub(crate) struct Counter {
    #[beldi(partition_key)]
    pub(crate) name: String,
    pub(crate) count: i64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Bank, table = "accounts")]
pub(crate) struct Account {
    #[beldi(partition_key)]
    pub(crate) owner: String,
    pub(crate) balance: i64,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Refused;

#[beldi::function(service = Shop)]
pub(crate) async fn fill(one: String, other: String) {
    for name in [one, other] {
        Counter { name, count: 10 }.put().await;
    }
}

#[beldi::function(service = Bank)]
pub(crate) async fn open(owner: String) {
    Account { owner, balance: 10 }.put().await;
}

/// Adds to a row; a helper, so that it belongs to the transaction of its function.
#[beldi::helper(service = Shop)]
pub(crate) async fn change(name: &str, amount: i64) -> Result<i64, Refused> {
    let mut counter = Counter::get(name).await.ok_or(Refused)?;
    counter.count += amount;
    counter.put().await;
    if counter.count < 0 { Err(Refused) } else { Ok(counter.count) }
}

/// Takes from one row and gives to the other.
#[beldi::function(service = Shop)]
pub(crate) async fn shift(from: String, to: String, amount: i64) -> Result<(i64, i64), Refused> {
    beldi::txn! { max_wait = "5m" =>
        let left = change(&from, -amount).await?;
        let there = change(&to, amount).await?;
        Ok((left, there))
    }
}

/// Writes without having read, so that rows are taken at the end.
#[beldi::function(service = Shop)]
pub(crate) async fn set_both(one: String, other: String, count: i64) -> Result<(), Refused> {
    beldi::txn! { max_wait = "5m" =>
        Counter { name: one.clone(), count }.put().await;
        Counter { name: other.clone(), count: 20 - count }.put().await;
        Ok(())
    }
}

/// Goes another way each few seconds. Gives what it left in both rows.
#[beldi::function(service = Shop)]
pub(crate) async fn shift_by_time(one: String, other: String) -> Result<(i64, i64), Refused> {
    beldi::txn! { max_wait = "5m" =>
        let left = change(&one, -1).await?;
        let since = beldi::now().await.duration_since(std::time::UNIX_EPOCH).map_err(|_| Refused)?;
        let there = if since.as_secs() / 3 % 2 == 0 { change(&other, 1).await? } else { 10 };
        Ok((left, there))
    }
}

/// Sees both rows as they are at one time.
#[beldi::function(service = Shop)]
pub(crate) async fn look(one: String, other: String) -> Result<(i64, i64), Refused> {
    beldi::txn! { read_only, max_wait = "5m" =>
        let here = Counter::get(&one).await.ok_or(Refused)?;
        let there = Counter::get(&other).await.ok_or(Refused)?;
        Ok((here.count, there.count))
    }
}

/// Two plain writes, one after the other.
#[beldi::function(service = Shop)]
pub(crate) async fn add_to_both(one: String, other: String) {
    Counter::update(&one).add(Counter::COUNT, 1).await;
    Counter::update(&other).add(Counter::COUNT, 1).await;
}

#[beldi::function(service = Shop)]
pub(crate) async fn add(name: String, amount: i64) {
    Counter::update(&name).add(Counter::COUNT, amount).await;
}

#[beldi::function(service = Bank)]
pub(crate) async fn charge(owner: String, amount: i64) -> Result<i64, Refused> {
    let mut account = Account::get(&owner).await.ok_or(Refused)?;
    account.balance -= amount;
    account.put().await;
    Ok(account.balance)
}

/// A transaction of the bank, with nobody else in it.
#[beldi::function(service = Bank)]
pub(crate) async fn withdraw(owner: String, amount: i64) -> Result<i64, Refused> {
    beldi::txn! { max_wait = "5m" =>
        let mut account = Account::get(&owner).await.ok_or(Refused)?;
        account.balance -= amount;
        account.put().await;
        Ok(account.balance)
    }
}

/// Nothing but a participant, so that most of what happens is about it.
#[beldi::function(service = Shop)]
pub(crate) async fn pay(owner: String, amount: i64, undo: bool) -> Result<i64, Refused> {
    beldi::txn! { max_wait = "5m" =>
        let balance = charge(owner.clone(), amount).await?;
        if undo { Err(Refused) } else { Ok(balance) }
    }
}

/// A row here, and a participant.
#[beldi::function(service = Shop)]
pub(crate) async fn buy(name: String, amount: i64) -> Result<(i64, i64), Refused> {
    beldi::txn! { max_wait = "5m" =>
        let left = change(&name, -amount).await?;
        let balance = charge(name.clone(), amount).await?;
        Ok((left, balance))
    }
}

/// Takes more or less, by the time when it has the row.
#[beldi::function(service = Bank)]
pub(crate) async fn charge_by_time(owner: String) -> Result<i64, Refused> {
    let mut account = Account::get(&owner).await.ok_or(Refused)?;
    let since = beldi::now().await.duration_since(std::time::UNIX_EPOCH).map_err(|_| Refused)?;
    account.balance -= if since.as_secs() / 3 % 2 == 0 { 1 } else { 2 };
    account.put().await;
    Ok(account.balance)
}

#[beldi::function(service = Shop)]
pub(crate) async fn pay_by_time(owner: String) -> Result<i64, Refused> {
    beldi::txn! { max_wait = "5m" =>
        charge_by_time(owner.clone()).await
    }
}

/// The participant first, then a row.
#[beldi::function(service = Shop)]
pub(crate) async fn pay_and_take(name: String, amount: i64) -> Result<(i64, i64), Refused> {
    beldi::txn! { max_wait = "5m" =>
        let balance = charge(name.clone(), amount).await?;
        let left = change(&name, -amount).await?;
        Ok((left, balance))
    }
}

/// Both at once: if the row cannot be had, the participant is told while it runs.
#[beldi::function(service = Shop)]
pub(crate) async fn buy_at_once(name: String, amount: i64) -> Result<(i64, i64), Refused> {
    beldi::txn! { max_wait = "5m" =>
        let (left, balance) = beldi::join!(change(&name, -amount), charge(name.clone(), amount));
        Ok((left?, balance?))
    }
}

/// Changes a row for the transaction that calls it.
#[beldi::function(service = Shop)]
pub(crate) async fn give(name: String, amount: i64) -> Result<i64, Refused> {
    change(&name, amount).await
}

/// Looks at a row for the transaction that calls it.
#[beldi::function(service = Shop)]
pub(crate) async fn see(name: String) -> i64 {
    Counter::get(&name).await.map_or(0, |counter| counter.count)
}

/// Hands a row over to a participant that changes it, and then to one that only looks at it.
#[beldi::function(service = Shop)]
pub(crate) async fn hand_over(name: String) -> Result<i64, Refused> {
    beldi::txn! { max_wait = "5m" =>
        change(&name, 1).await?;
        give(name.clone(), 1).await?;
        Ok(see(name.clone()).await)
    }
}

/// The other way round: the participant that only looks comes first.
#[beldi::function(service = Shop)]
pub(crate) async fn hand_over_to_look_first(name: String) -> Result<i64, Refused> {
    beldi::txn! { max_wait = "5m" =>
        change(&name, 1).await?;
        let seen = see(name.clone()).await;
        give(name.clone(), 1).await?;
        Ok(seen)
    }
}

/// Looks at a row; a helper, so that it belongs to the transaction of its function.
#[beldi::helper(service = Shop)]
pub(crate) async fn glance(name: &str) -> i64 {
    Counter::get(name).await.map_or(0, |counter| counter.count)
}

/// Adds to one row, then calls a participant.
#[beldi::helper(service = Shop)]
pub(crate) async fn add_and_charge(first: &str, name: &str, amount: i64) -> Result<i64, Refused> {
    glance(first).await;
    Counter::update(name).add(Counter::COUNT, amount).await;
    charge(name.to_owned(), amount).await
}

/// Writes a row, which the call takes, while the other branch reads it.
#[beldi::function(service = Shop)]
pub(crate) async fn add_before_branches(name: String, amount: i64) -> Result<(i64, i64), Refused> {
    beldi::txn! { max_wait = "5m" =>
        Counter::update(&name).add(Counter::COUNT, amount).await;
        let (balance, seen) = beldi::join!(charge(name.clone(), amount), glance(&name));
        Ok((balance?, seen))
    }
}

/// Writes a row in one branch, while the other one reads it.
#[beldi::function(service = Shop)]
pub(crate) async fn add_in_a_branch(name: String, other: String, amount: i64) -> Result<(i64, i64), Refused> {
    beldi::txn! { max_wait = "5m" =>
        let (balance, seen) = beldi::join!(add_and_charge(&other, &name, amount), glance(&name));
        Ok((balance?, seen))
    }
}

/// Waits for a row in one branch, while the other one journals what is held and calls.
#[beldi::function(service = Shop)]
pub(crate) async fn charge_and_glance(name: String, other: String) -> Result<(i64, i64), Refused> {
    beldi::txn! { max_wait = "5m" =>
        let here = glance(&name).await;
        let (there, balance) = beldi::join!(glance(&other), charge(name.clone(), here));
        Ok((there, balance?))
    }
}

#[beldi::function(service = Shop, read_only)]
pub(crate) async fn count(name: String) -> i64 {
    Counter::get(&name).await.map_or(0, |counter| counter.count)
}

#[beldi::function(service = Bank, read_only)]
pub(crate) async fn balance(owner: String) -> i64 {
    Account::get(&owner).await.map_or(0, |account| account.balance)
}
