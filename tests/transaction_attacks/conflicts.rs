//! Conflicts at places where a try is not being polled, or takes several rows at once.

use std::time::Duration;

use beldi::Settings;
use beldi::prelude::*;
use tokio::time::Instant;

use crate::{Account, Bank, Depot, Parcel, Refused, Shop, Stock, assert_nothing_locked, filled_host, pack, take};

pub(crate) async fn wait(millis: u64) -> Result<(), String> {
    tokio::time::sleep(Duration::from_millis(millis)).await;
    Ok(())
}

/// Holds a row of its own service for so long.
#[beldi::function(service = Depot)]
async fn hold_parcel(article: String, millis: u64) {
    let guard = beldi::lock::<Parcel>(&article).await;
    let waited = beldi::external("wait", move |_| wait(millis)).await;
    let _ = waited;
    guard.unlock().await;
}

#[beldi::function(service = Shop)]
async fn hold_stock(article: String, millis: u64) {
    let guard = beldi::lock::<Stock>(&article).await;
    let waited = beldi::external("wait", move |_| wait(millis)).await;
    let _ = waited;
    guard.unlock().await;
}

/// Holds milk, and writes tea without having read it.
#[beldi::function(service = Shop)]
async fn blind_write_last() -> Result<(), Refused> {
    beldi::txn! {
        take("milk", 1).await?;
        Stock::update("tea").add(Stock::FREE, 1).await;
        Ok(())
    }
}

/// The same in a participant.
#[beldi::function(service = Depot)]
async fn pack_blindly(article: String) {
    Parcel::update("empty").add(Parcel::COUNT, 1).await;
    Parcel::update(&article).add(Parcel::COUNT, 1).await;
}

#[beldi::function(service = Shop)]
async fn participant_writes_blindly() -> Result<(), Refused> {
    beldi::txn! {
        take("milk", 1).await?;
        pack_blindly("tea".into()).await;
        Ok(())
    }
}

/// Writes blindly, then calls what meets a conflict.
#[beldi::function(service = Bank)]
async fn charge_and_pack(owner: String) -> i64 {
    Account::update(&owner).add(Account::BALANCE, -1).await;
    pack("tea".into(), 1).await
}

#[beldi::function(service = Shop)]
async fn participant_writes_then_calls() -> Result<i64, Refused> {
    beldi::txn! {
        take("milk", 1).await?;
        Ok(charge_and_pack("ann".into()).await)
    }
}

#[beldi::function(service = Shop)]
async fn coordinator_writes_then_calls() -> Result<i64, Refused> {
    beldi::txn! {
        Stock::update("milk").add(Stock::FREE, -1).await;
        Ok(pack("tea".into(), 1).await)
    }
}

#[beldi::function(service = Depot)]
async fn look_at_all() -> usize {
    let rows = Parcel::batch_get(["tea", "coffee", "milk", "cocoa"]).await;
    rows.into_iter().flatten().count()
}

#[beldi::function(service = Shop)]
async fn participant_reads_a_batch() -> Result<usize, Refused> {
    beldi::txn! {
        take("milk", 1).await?;
        Ok(look_at_all().await)
    }
}

macro_rules! meets_a_holder {
    ($($(#[$doc:meta])* $test:ident: $holder:expr, $call:expr;)+) => {$(
        $(#[$doc])*
        #[tokio::test(start_paused = true)]
        async fn $test() {
            let host = filled_host(Settings { max_attempts: 3, ..Settings::default() }).await;
            let (client, other) = (host.client(), host.client());
            let start = Instant::now();
            let holder = tokio::spawn(async move { other.call($holder).await });
            tokio::time::sleep(Duration::from_millis(100)).await;
            let answer = client.call($call).await.expect("an answer");
            assert!(answer.is_ok(), "{answer:?}");
            assert!(start.elapsed() < Duration::from_secs(8), "after {:?}", start.elapsed());
            holder.await.expect("no panic").expect("an answer");
            host.settle().await.expect("the store answers");
            assert_nothing_locked(&host).await;
            assert!(host.statistics().died > 0, "there was a conflict");
        }
    )+};
}

meets_a_holder! {
    /// The end of a body is awaited outside of it: a try that died there was stopped by nobody, and its attempt
    /// held its rows until its time was over.
    a_try_can_die_at_the_end_of_its_body: hold_stock("tea".into(), 1_000), blind_write_last();
    a_participant_can_die_at_its_end: hold_parcel("tea".into(), 1_000), participant_writes_blindly();
    a_participant_that_has_written_dies_in_a_call: hold_parcel("tea".into(), 1_000), participant_writes_then_calls();
    a_coordinator_that_has_written_dies_in_a_call: hold_parcel("tea".into(), 1_000), coordinator_writes_then_calls();
    a_batch_of_which_one_row_is_held: hold_parcel("tea".into(), 1_000), participant_reads_a_batch();
    a_batch_of_which_the_last_row_is_held: hold_parcel("cocoa".into(), 1_000), participant_reads_a_batch();
}
