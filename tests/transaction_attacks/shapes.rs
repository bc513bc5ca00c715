//! Shapes of code that are allowed, and rarely written.

use std::time::UNIX_EPOCH;

use beldi::prelude::*;

use crate::{Account, Bank, Depot, Parcel, Refused, Shop, Stock, contest, matrix, pack, packed, take};

/// The amount is not the clock's, but the time is observed between the steps.
#[beldi::function(service = Shop)]
async fn looks_at_the_clock() -> Result<bool, Refused> {
    beldi::txn! {
        let before = beldi::now().await;
        take("tea", 1).await?;
        let between = beldi::now().await;
        let packed = pack_at("tea".into()).await;
        let after = beldi::now().await;
        Ok(before <= between && between <= after && packed)
    }
}

#[beldi::function(service = Depot)]
async fn pack_at(article: String) -> bool {
    let now = beldi::now().await;
    Parcel::update(&article).add(Parcel::COUNT, 1).await;
    now >= UNIX_EPOCH
}

/// Observes nothing but the clock.
#[beldi::function(service = Shop)]
async fn only_the_clock() -> bool {
    let result: Result<bool, Refused> = beldi::txn! {
        let now = beldi::now().await;
        Ok(now >= UNIX_EPOCH)
    };
    Stock::update("tea").add(Stock::FREE, 1).await;
    result.is_ok()
}

#[beldi::function(service = Shop)]
async fn two_transactions() -> Result<(i64, i64), Refused> {
    let first = beldi::txn! {
        let left = take("tea", 1).await?;
        pack("tea".into(), left).await;
        Ok::<_, Refused>(left)
    }?;
    Stock::update("coffee").add(Stock::FREE, 1).await;
    let second = beldi::txn! {
        let left = take("tea", 1).await?;
        pack("tea".into(), left).await;
        take("coffee", 2).await?;
        Ok::<_, Refused>(left)
    }?;
    Ok((first, second))
}

#[beldi::function(service = Shop)]
async fn in_a_loop(rounds: i64) -> Result<i64, Refused> {
    let mut left = 0;
    for round in 0..rounds {
        left = beldi::txn! {
            let left = take("tea", round).await?;
            pack("tea".into(), round).await;
            Ok::<_, Refused>(left)
        }?;
    }
    Ok(left)
}

#[beldi::helper(service = Shop)]
async fn move_one(from: &str, to: &str) -> Result<i64, Refused> {
    beldi::txn! {
        let left = take(from, 1).await?;
        take(to, -1).await?;
        pack(from.to_owned(), 1).await;
        Ok(left)
    }
}

#[beldi::function(service = Shop)]
async fn in_two_branches() -> Result<(), Refused> {
    let (one, other) = beldi::join!(move_one("tea", "milk"), move_one("milk", "tea"));
    one.and(other).map(drop)
}

/// Deeper: shop, bank, shop, bank.
#[beldi::function(service = Bank)]
async fn down(depth: u32) -> i64 {
    let mut account = Account::get("ann").await.unwrap_or(Account { owner: "ann".into(), balance: 0 });
    account.balance -= 1;
    account.put().await;
    if depth > 0 {
        back(depth - 1).await;
    }
    let account = Account::get("ann").await;
    Account::update("bob").add(Account::BALANCE, 1).await;
    account.map_or(0, |account| account.balance)
}

#[beldi::function(service = Shop)]
async fn back(depth: u32) -> i64 {
    Stock::update("tea").add(Stock::FREE, -1).await;
    let below = down(depth).await;
    Stock::update("tea").add(Stock::FREE, -1).await;
    below
}

#[beldi::function(service = Shop)]
async fn deep_call_backs(undo: bool) -> Result<(i64, i64), Refused> {
    beldi::txn! {
        take("tea", 1).await?;
        let first = down(1).await;
        let tea = Stock::get("tea").await.ok_or(Refused::SoldOut)?;
        if undo { Err(Refused::Undone) } else { Ok((first, tea.free)) }
    }
}

/// Writes only after its callees have called back.
#[beldi::function(service = Shop)]
async fn writes_after_call_backs() -> Result<i64, Refused> {
    beldi::txn! {
        note_at_shop("tea".into()).await;
        Stock::update("tea").add(Stock::FREE, -1).await;
        pack("tea".into(), 1).await;
        Ok(Stock::get("tea").await.map_or(0, |tea| tea.free))
    }
}

#[beldi::function(service = Bank)]
async fn note_at_shop(article: String) -> i64 {
    Account::update("ann").add(Account::BALANCE, -1).await;
    sell_here(article).await
}

#[beldi::function(service = Bank)]
async fn note_for_bob(article: String) -> i64 {
    Account::update("bob").add(Account::BALANCE, -1).await;
    sell_here(article).await
}

#[beldi::function(service = Shop)]
async fn sell_here(article: String) -> i64 {
    let left = take(&article, 1).await;
    left.unwrap_or(-1)
}

/// Each branch calls back to a row of its own, one of them held by the caller.
#[beldi::function(service = Shop)]
async fn call_backs_in_branches() -> Result<(i64, i64, i64), Refused> {
    beldi::txn! {
        take("tea", 1).await?;
        let (tea, milk) = beldi::join!(note_at_shop("tea".into()), note_for_bob("milk".into()));
        let left = take("milk", 1).await?;
        take("tea", 1).await?;
        Ok((tea, milk, left))
    }
}

/// Reads through a function, then writes through one, then reads.
#[beldi::function(service = Shop)]
async fn reads_then_writes() -> Result<(i64, i64), Refused> {
    beldi::txn! {
        let before = packed("tea".into()).await;
        pack("tea".into(), 2).await;
        let after = packed("tea".into()).await;
        take("tea", after).await?;
        Ok((before, after))
    }
}

#[beldi::function(service = Shop, read_only)]
async fn left_of(article: String) -> i64 {
    Stock::get(&article).await.map_or(0, |stock| stock.free)
}

#[beldi::function(service = Shop)]
async fn take_one(article: String) -> Result<i64, Refused> {
    take(&article, 1).await
}

/// Hands a row of its own over to functions of its service: one that looks, and one that writes, in either order.
#[beldi::function(service = Shop)]
async fn hands_over(looks_first: bool) -> Result<(i64, i64), Refused> {
    beldi::txn! {
        take("tea", 1).await?;
        if looks_first {
            let seen = left_of("tea".into()).await;
            Ok((seen, take_one("tea".into()).await?))
        } else {
            let left = take_one("tea".into()).await?;
            Ok((left_of("tea".into()).await, left))
        }
    }
}

/// Two of these upgrade the same row.
#[beldi::function(service = Shop)]
async fn upgrades(blindly: bool) -> Result<(), Refused> {
    beldi::txn! {
        let tea = Stock::get("tea").shared().await.ok_or(Refused::SoldOut)?;
        if blindly {
            Stock { free: tea.free - 1, ..tea }.put().await;
        } else {
            take("tea", 1).await?;
        }
        pack("tea".into(), 1).await;
        Ok(())
    }
}

#[beldi::function(service = Shop)]
async fn only_upgrades() -> Result<(), Refused> {
    beldi::txn! {
        let tea = Stock::get("tea").shared().await.ok_or(Refused::SoldOut)?;
        Stock { free: tea.free - 1, ..tea }.put().await;
        Ok(())
    }
}

#[beldi::function(service = Shop)]
async fn deletes_and_inserts() -> Result<(bool, i64), Refused> {
    beldi::txn! {
        Stock::delete("tea").await;
        let gone = Stock::get("tea").await.is_none();
        Stock::update("tea").add(Stock::FREE, 3).set(Stock::NOTES, vec!["new".to_owned()]).await;
        Stock::update("cocoa").add(Stock::FREE, 1).set(Stock::NOTES, Vec::new()).await;
        Stock::delete("cocoa").await;
        Stock::delete("nothing").await;
        Ok((gone, Stock::get("tea").await.map_or(0, |tea| tea.free)))
    }
}

#[beldi::function(service = Shop)]
async fn adds_plainly_if(limit: i64) -> bool {
    Stock::update("tea").add(Stock::FREE, 100).when(Stock::FREE.ge(limit)).await.is_ok()
}

/// A lock of its own on a row beside those of its transaction.
#[beldi::function(service = Shop)]
async fn locks_and_transacts() -> Result<i64, Refused> {
    let guard = beldi::lock::<Stock>("coffee").await;
    let coffee = Stock::get("coffee").await.ok_or(Refused::SoldOut)?;
    let left = beldi::txn! {
        let left = take("tea", 1).await?;
        pack("tea".into(), 1).await;
        Ok::<_, Refused>(left)
    }?;
    Stock { free: coffee.free - 1, ..coffee }.put().await;
    guard.unlock().await;
    beldi::txn! { take("coffee", 1).await }?;
    Ok(left)
}

/// A write that waits for the lock of another branch goes on when it knows of it.
#[beldi::function(service = Shop)]
async fn locks_beside_a_write() {
    beldi::join!(
        async {
            beldi::lock::<Stock>("coffee").await;
            Stock::update("coffee").add(Stock::FREE, -1).await;
        },
        Stock::update("coffee").add(Stock::FREE, -1),
    );
}

matrix! {
    the_clock_in_a_body: looks_at_the_clock()
        => Ok::<_, Refused>(true), "ann 100, bob 50, tea packed 1, coffee 10, milk 10, tea 9";
    nothing_but_the_clock: only_the_clock() => true, "ann 100, bob 50, coffee 10, milk 10, tea 11";
    two_transactions_in_one_function: two_transactions()
        => Ok::<_, Refused>((9, 8)), "ann 100, bob 50, tea packed 17, coffee 9, milk 10, tea 8";
    a_transaction_in_a_loop: in_a_loop(3)
        => Ok::<_, Refused>(7), "ann 100, bob 50, tea packed 3, coffee 10, milk 10, tea 7";
    transactions_in_branches: in_two_branches()
        => Ok::<_, Refused>(()), "ann 100, bob 50, milk packed 1, tea packed 1, coffee 10, milk 10, tea 10";
    call_backs_below_call_backs: deep_call_backs(false)
        => Ok::<_, Refused>((98, 7)), "ann 98, bob 52, coffee 10, milk 10, tea 7";
    call_backs_below_call_backs_rolled_back: deep_call_backs(true)
        => Err::<(), _>(Refused::Undone), "ann 100, bob 50, coffee 10, milk 10, tea 10";
    writes_that_follow_call_backs: writes_after_call_backs()
        => Ok::<_, Refused>(8), "ann 99, bob 50, tea packed 1, coffee 10, milk 10, tea 8";
    call_backs_from_branches: call_backs_in_branches()
        => Ok::<_, Refused>((8, 9, 8)), "ann 99, bob 49, coffee 10, milk 8, tea 7";
    a_read_only_callee_before_a_writer: reads_then_writes()
        => Ok::<_, Refused>((0, 2)), "ann 100, bob 50, tea packed 2, coffee 10, milk 10, tea 8";
    a_row_handed_over_to_be_written_and_read: hands_over(false)
        => Ok::<_, Refused>((8, 8)), "ann 100, bob 50, coffee 10, milk 10, tea 8";
    a_row_handed_over_to_be_read_and_written: hands_over(true)
        => Ok::<_, Refused>((9, 8)), "ann 100, bob 50, coffee 10, milk 10, tea 8";
    an_upgrade: upgrades(true)
        => Ok::<_, Refused>(()), "ann 100, bob 50, tea packed 1, coffee 10, milk 10, tea 9";
    deletes_before_inserts: deletes_and_inserts()
        => Ok::<_, Refused>((true, 3)), "ann 100, bob 50, coffee 10, milk 10, tea 3";
    a_lock_in_one_branch_beside_a_write_in_another: locks_beside_a_write()
        => (), "ann 100, bob 50, coffee 8, milk 10, tea 10";
    a_lock_beside_a_transaction: locks_and_transacts()
        => Ok::<_, Refused>(9), "ann 100, bob 50, tea packed 1, coffee 8, milk 10, tea 9";
}

contest! {
    two_upgrades_before_a_call: upgrades(true), upgrades(true)
        => "ann 100, bob 50, tea packed 2, coffee 10, milk 10, tea 8";
    two_upgrades_at_the_end: only_upgrades(), only_upgrades()
        => "ann 100, bob 50, coffee 10, milk 10, tea 8";
    a_conditional_plain_write_against_a_transaction: adds_plainly_if(1), upgrades(true)
        => "ann 100, bob 50, tea packed 1, coffee 10, milk 10, tea 109";
    a_refused_plain_write_against_a_transaction: adds_plainly_if(1_000), upgrades(true)
        => "ann 100, bob 50, tea packed 1, coffee 10, milk 10, tea 9";
}
