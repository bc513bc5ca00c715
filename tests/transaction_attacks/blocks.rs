//! Blocks inside of transactions whose `Err` is caught.

use beldi::prelude::*;

use crate::{Account, Bank, Refused, Shop, Stock, matrix, pack, take};

/// Tries something in a block of its own, and gives up.
#[beldi::function(service = Bank)]
async fn try_in_vain(article: String) -> bool {
    let result: Result<i64, Refused> = beldi::txn! {
        Account::update("ann").add(Account::BALANCE, -50).await;
        pack(article.clone(), 7).await;
        Err(Refused::Undone)
    };
    result.is_err()
}

/// In vain, and then again.
#[beldi::function(service = Bank)]
async fn try_twice(article: String) -> i64 {
    let result: Result<i64, Refused> = beldi::txn! {
        pack(article.clone(), 7).await;
        Err(Refused::Undone)
    };
    let _ = result;
    pack(article, 1).await
}

/// The same in a helper, which belongs to the transaction of its function.
#[beldi::helper(service = Shop)]
async fn block_in_vain(article: &str) -> bool {
    let result: Result<i64, Refused> = beldi::txn! {
        Stock::update("coffee").add(Stock::FREE, -5).await;
        pack(article.to_owned(), 7).await;
        Err(Refused::Undone)
    };
    result.is_err()
}

#[beldi::function(service = Shop)]
async fn callee_in_vain_then_same_row(undo: bool) -> Result<i64, Refused> {
    beldi::txn! {
        take("tea", 1).await?;
        try_in_vain("tea".into()).await;
        let packed = pack("tea".into(), 1).await;
        if undo { Err(Refused::Undone) } else { Ok(packed) }
    }
}

#[beldi::function(service = Shop)]
async fn callee_tries_twice(undo: bool) -> Result<i64, Refused> {
    beldi::txn! {
        take("tea", 1).await?;
        let packed = try_twice("tea".into()).await;
        if undo { Err(Refused::Undone) } else { Ok(packed) }
    }
}

#[beldi::function(service = Shop)]
async fn own_block_in_vain(undo: bool) -> Result<i64, Refused> {
    beldi::txn! {
        block_in_vain("tea").await;
        let packed = pack("tea".into(), 1).await;
        take("tea", 1).await?;
        Stock::update("coffee").add(Stock::FREE, 1).await;
        if undo { Err(Refused::Undone) } else { Ok(packed) }
    }
}

/// Nothing follows the block: its row is held and not changed.
#[beldi::function(service = Shop)]
async fn own_block_in_vain_and_nothing_else() -> Result<bool, Refused> {
    beldi::txn! {
        Ok(block_in_vain("tea").await)
    }
}

/// A block that writes without reading, and is given up without a call.
#[beldi::helper(service = Shop)]
async fn write_in_vain() -> bool {
    let result: Result<(), Refused> = beldi::txn! {
        Stock::update("coffee").add(Stock::FREE, -5).await;
        Stock::delete("milk").await;
        take("tea", 3).await?;
        Err(Refused::Undone)
    };
    result.is_err()
}

#[beldi::function(service = Shop)]
async fn writes_in_vain() -> Result<i64, Refused> {
    beldi::txn! {
        write_in_vain().await;
        let milk = Stock::get("milk").await.ok_or(Refused::SoldOut)?;
        take("tea", 1).await?;
        write_in_vain().await;
        Ok(milk.free)
    }
}

/// Calls back into the shop in vain.
#[beldi::function(service = Bank)]
async fn call_back_in_vain() -> bool {
    let result: Result<i64, Refused> = beldi::txn! {
        take_there("tea".into(), 4).await?;
        Err(Refused::Undone)
    };
    result.is_err()
}

#[beldi::function(service = Shop)]
async fn take_there(article: String, count: i64) -> Result<i64, Refused> {
    take(&article, count).await
}

#[beldi::function(service = Shop)]
async fn called_back_in_vain(first: bool) -> Result<i64, Refused> {
    beldi::txn! {
        if first {
            take("tea", 1).await?;
        }
        call_back_in_vain().await;
        let left = take("tea", 1).await?;
        Ok(left)
    }
}

/// A participant that keeps a detached call, and one that is given up.
#[beldi::function(service = Bank)]
async fn detach_in_vain(article: String) {
    let result: Result<i64, Refused> = beldi::txn! {
        pack(article.clone(), 100).detach().await;
        Err(Refused::Undone)
    };
    let _ = result;
    pack(article, 1).detach().await;
}

#[beldi::function(service = Shop)]
async fn detached_in_vain() -> Result<i64, Refused> {
    beldi::txn! {
        detach_in_vain("tea".into()).await;
        take("tea", 1).await
    }
}

matrix! {
    /// A call that a callee had made in vain held a row, and a later call could not have it: the callee's answer did
    /// not name it.
    a_callee_gives_up_and_its_row_is_used_again: callee_in_vain_then_same_row(false)
        => Ok::<_, Refused>(1), "ann 100, bob 50, tea packed 1, coffee 10, milk 10, tea 9";
    a_callee_gives_up_and_all_is_rolled_back: callee_in_vain_then_same_row(true)
        => Err::<i64, _>(Refused::Undone), "ann 100, bob 50, coffee 10, milk 10, tea 10";
    /// The row of the call in vain was released by it before the later call's change was made.
    a_callee_gives_up_and_tries_again: callee_tries_twice(false)
        => Ok::<_, Refused>(1), "ann 100, bob 50, tea packed 1, coffee 10, milk 10, tea 9";
    a_callee_gives_up_and_tries_again_in_vain: callee_tries_twice(true)
        => Err::<i64, _>(Refused::Undone), "ann 100, bob 50, coffee 10, milk 10, tea 10";
    a_block_gives_up_and_its_rows_are_used_again: own_block_in_vain(false)
        => Ok::<_, Refused>(1), "ann 100, bob 50, tea packed 1, coffee 11, milk 10, tea 9";
    a_block_gives_up_and_all_is_rolled_back: own_block_in_vain(true)
        => Err::<i64, _>(Refused::Undone), "ann 100, bob 50, coffee 10, milk 10, tea 10";
    /// The row that was taken before the call was not asked for in a replay, which was taken for another code.
    a_block_gives_up_and_nothing_follows: own_block_in_vain_and_nothing_else()
        => Ok::<_, Refused>(true), "ann 100, bob 50, coffee 10, milk 10, tea 10";
    a_block_gives_up_what_it_only_wrote: writes_in_vain()
        => Ok::<_, Refused>(10), "ann 100, bob 50, coffee 10, milk 10, tea 9";
    a_call_back_in_vain: called_back_in_vain(false)
        => Ok::<_, Refused>(9), "ann 100, bob 50, coffee 10, milk 10, tea 9";
    a_call_back_in_vain_to_a_held_row: called_back_in_vain(true)
        => Ok::<_, Refused>(8), "ann 100, bob 50, coffee 10, milk 10, tea 8";
    a_detached_call_in_vain: detached_in_vain()
        => Ok::<_, Refused>(9), "ann 100, bob 50, tea packed 1, coffee 10, milk 10, tea 9";
}
