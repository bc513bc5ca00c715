//! Each test finds one of the faults, and fails: that it does, and with which message, is what is tested here. In a
//! project of yours there is no `should_panic`.

use std::collections::HashMap;

use beldi::testing::{Trial, happens};
use testing_example::faulty::{Account, Stock, date, number, pay, reserve, transfer};
use testing_example::provider;

// ANCHOR: map
#[beldi::test]
#[should_panic(
    expected = "faulty-shop/reserve is not deterministic: run again on what it had seen, it differs at step"
)]
async fn the_order_of_a_map_is_found(trial: Trial) {
    let articles = ["coffee", "cocoa", "milk", "tea"];
    trial.given(articles.map(|article| Stock { article: article.into(), free: 10 })).await;
    let lines = HashMap::from(articles.map(|article| (article.to_owned(), 1)));
    trial.call(reserve(lines)).await.expect("an answer");
}
// ANCHOR_END: map

#[beldi::test]
#[should_panic(expected = "faulty-shop/number is not deterministic")]
async fn a_static_counter_is_found(trial: Trial) {
    trial.call(number("17".into())).await.expect("an answer");
}

#[beldi::test]
#[should_panic(expected = "faulty-shop/date is not deterministic")]
async fn a_clock_behind_a_call_is_found(trial: Trial) {
    trial.call(date("17".into())).await.expect("an answer");
}

// ANCHOR: external
#[beldi::test(crash = "everywhere")]
#[should_panic(expected = "did `charge ann 100` 2 times, without an idempotency key")]
async fn a_payment_without_its_key_is_found(trial: Trial) {
    provider::connect(|owner, cents, key| {
        happens(format!("charge {owner} {cents}"), key);
    });
    assert!(trial.call(pay("ann".into(), 100)).await.expect("an answer"));
    assert_eq!(trial.row::<Account>("ann").await.expect("a row").cents, 100);
}
// ANCHOR_END: external

// ANCHOR: transfer
#[beldi::test(seeds = 50)]
#[should_panic(expected = "money was made or lost")]
async fn a_lost_update_is_found(trial: Trial) {
    trial.given(["ann", "bob"].map(|owner| Account { owner: owner.into(), cents: 1000 })).await;
    let (ann, bob) = ("ann".to_owned(), "bob".to_owned());
    let there = transfer(ann.clone(), bob.clone(), 10);
    let back = transfer(bob, ann, 25);
    let (one, other) = trial.together(there, back).await;
    assert!(one.is_ok() && other.is_ok());
    let total: i64 = trial.rows::<Account>().await.iter().map(|account| account.cents).sum();
    assert_eq!(total, 2000, "money was made or lost");
}
// ANCHOR_END: transfer
