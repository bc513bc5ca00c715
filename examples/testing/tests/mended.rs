//! The same tests of what was mended: most of them are crashed everywhere, or run under random schedules.

use std::collections::BTreeMap;

use beldi::testing::{Trial, happens};
use testing_example::mended::{Account, Invoice, Stock, date, number, pay, reserve, transfer};
use testing_example::provider;

#[beldi::test(crash = "everywhere", seeds = 20)]
async fn lines_are_reserved(trial: Trial) {
    let articles = ["coffee", "cocoa", "milk", "tea"];
    trial.given(articles.map(|article| Stock { article: article.into(), free: 10 })).await;
    let lines = BTreeMap::from(articles.map(|article| (article.to_owned(), 1)));
    trial.call(reserve(lines)).await.expect("an answer");
    assert!(trial.rows::<Stock>().await.iter().all(|stock| stock.free == 9));
}

#[beldi::test(crash = "everywhere", seeds = 20)]
async fn invoices_are_numbered(trial: Trial) {
    assert_eq!(trial.call(number("17".into())).await.expect("an answer"), 1);
    assert_eq!(trial.call(number("18".into())).await.expect("an answer"), 2);
    assert_eq!(trial.row::<Invoice>("18").await.expect("a row").number, 2);
}

// ANCHOR: ignore
#[beldi::test(crash = "everywhere", ignore("stamp"), seeds = 20)]
async fn invoices_are_dated(trial: Trial) {
    trial.call(date("17".into())).await.expect("an answer");
    assert!(trial.row::<Invoice>("17").await.expect("a row").stamp.starts_with("day "));
}
// ANCHOR_END: ignore

// ANCHOR: payment
#[beldi::test(crash = "everywhere", seeds = 20)]
async fn a_payment_is_made_once(trial: Trial) {
    provider::connect(|owner, cents, key| {
        happens(format!("charge {owner} {cents}"), key);
    });
    assert!(trial.call(pay("ann".into(), 100)).await.expect("an answer"));
    assert_eq!(trial.row::<Account>("ann").await.expect("a row").cents, 100);
    assert_eq!(trial.effects(), ["charge ann 100"]);
}
// ANCHOR_END: payment

#[beldi::test(seeds = 50)]
async fn no_update_is_lost(trial: Trial) {
    trial.given(["ann", "bob"].map(|owner| Account { owner: owner.into(), cents: 1000 })).await;
    let (ann, bob) = ("ann".to_owned(), "bob".to_owned());
    let (one, other) = trial.together(transfer(ann.clone(), bob.clone(), 10), transfer(bob, ann, 25)).await;
    assert_eq!((one.expect("an answer"), other.expect("an answer")), (Ok(()), Ok(())));
    let total: i64 = trial.rows::<Account>().await.iter().map(|account| account.cents).sum();
    assert_eq!(total, 2000, "money was made or lost");
}

// ANCHOR: requests
#[beldi::test]
async fn a_transfer_takes_seven_requests(trial: Trial) {
    trial.given(["ann", "bob"].map(|owner| Account { owner: owner.into(), cents: 1000 })).await;
    let transferred = trial.call(transfer("ann".into(), "bob".into(), 10));
    trial.within_requests(7, transferred).await.expect("an answer").expect("two accounts");
    assert_eq!(trial.locked().await, Vec::<String>::new());
}
// ANCHOR_END: requests
