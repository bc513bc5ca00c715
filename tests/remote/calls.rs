//! What agrees is as if it were of one program.

use beldi::Delivery;
use beldi::prelude::*;

use crate::{Bench, hotel, travel};

#[tokio::test(start_paused = true)]
async fn functions_and_clients_call_what_is_declared() {
    let bench = Bench::new().await;
    let book = || travel::book("ada".to_owned(), "ritz".to_owned());
    assert_eq!(bench.client.call(book()).await.expect("an answer"), Ok(2));
    assert_eq!(bench.client.call(travel::look("ritz".to_owned())).await.expect("an answer"), 2);
    let mine = bench.client.call(travel::reserve("ritz".to_owned())).await.expect("an answer");
    assert_eq!(mine.map(|confirmation| confirmation.left), Ok(1));
    assert_eq!(bench.client.call(travel::reserve("astoria".to_owned())).await.expect("an answer"), Err(hotel::SoldOut));
    bench.client.call(travel::leave("ritz".to_owned())).await.expect("an answer");
    bench.settle().await;
    assert_eq!(bench.free("ritz").await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again() {
    let bench = Bench::new().await;
    bench.wire.loses.store(true, std::sync::atomic::Ordering::SeqCst);
    let book = travel::book("ada".to_owned(), "ritz".to_owned());
    // The client's own call is on the wire too: what is lost is the answer that comes first, the hotel's.
    assert_eq!(bench.client.call(book).await.expect("an answer"), Ok(2));
    assert_eq!(bench.free("ritz").await, 2);
    assert!(bench.seen("reserve").iter().any(|one| one.delivery == Delivery::Repeat));
}

#[tokio::test(start_paused = true)]
async fn they_take_part_in_transactions() {
    let bench = Bench::new().await;
    let both = |second: &str| travel::book_both("ada".to_owned(), "ritz".to_owned(), second.to_owned());
    assert_eq!(bench.client.call(both("astoria")).await.expect("an answer"), Err(hotel::SoldOut));
    assert_eq!(bench.free("ritz").await, 3, "rolled back");
    assert_eq!(bench.client.call(both("savoy")).await.expect("an answer"), Ok(4));
    assert_eq!((bench.free("ritz").await, bench.free("savoy").await), (2, 2));
}

/// Only what crosses a boundary between programs carries a contract: a new version of one service, in which a type has
/// another name, must not stop its own calls.
#[tokio::test(start_paused = true)]
async fn calls_between_services_carry_the_contract() {
    let bench = Bench::new().await;
    bench.client.call(travel::plan("ritz".to_owned())).await.expect("an answer");
    bench.client.call(travel::book("ada".to_owned(), "ritz".to_owned())).await.expect("an answer").expect("a room");
    bench
        .client
        .call(travel::book_both("ada".to_owned(), "ritz".to_owned(), "savoy".to_owned()))
        .await
        .expect("an answer")
        .expect("rooms");
    let has_contract = |function| {
        let seen = bench.seen(function);
        assert!(!seen.is_empty(), "{function}");
        seen.iter().map(|one| one.contract.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(has_contract("look"), [false]);
    assert_eq!(has_contract("free"), [true]);
    assert_eq!(has_contract("reserve"), [true; 3]);
    // What was accepted runs, whatever is deployed between.
    bench.client.call(travel::leave("ritz".to_owned())).await.expect("an answer");
    bench.settle().await;
    assert_eq!(has_contract("clean"), [true, false]);
}

#[test]
fn a_remote_service_is_none_of_the_program() {
    // The one that is registered under the name is that of the other file.
    let registry = beldi::Registry::collect().expect("no conflict of names");
    assert_eq!(registry.services().collect::<Vec<_>>(), ["hotel", "travel"]);
    assert_eq!(
        registry.functions().filter(|function| format!("{function:?}").contains("tests/remote/travel.rs")).count(),
        11
    );
    assert_eq!(travel::reserve::SIGNATURE, hotel::reserve::SIGNATURE);
}
