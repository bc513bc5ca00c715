//! Each test has a world of its own: an empty store in memory, and a clock that nobody waits for.

use beldi::testing::Trial;

use shop::orders::{Order, of, place};
use shop::stock::{Goods, SoldOut, left};

fn apples(count: u32) -> Goods {
    Goods {
        name: "apples".into(),
        count,
    }
}

/// Run once undisturbed, and then again with a crash, a repetition or a zombie at every point that there is.
#[beldi::test(crash = "everywhere", ignore("shop-orders.number"))]
async fn an_order_is_taken_from_the_stock_once(trial: Trial) {
    trial.given([apples(5)]).await;
    let placed = trial.call(place("ann".into(), "apples".into(), 3)).await;
    assert!(placed.expect("an answer").is_ok());

    assert_eq!(trial.rows::<Order>().await.len(), 1);
    assert_eq!(trial.row::<Goods>("apples").await, Some(apples(2)));
}

/// Run under twenty random schedules: messages are late, repeated and lost, and attempts die.
#[beldi::test(seeds = 20)]
async fn the_last_apples_are_sold_to_one_of_two(trial: Trial) {
    trial.given([apples(3)]).await;
    let order = |buyer: &str| place(buyer.into(), "apples".into(), 2);
    let (ann, bob) = trial.together(order("ann"), order("bob")).await;

    let (ann, bob) = (ann.expect("an answer"), bob.expect("an answer"));
    assert!(ann.is_ok() != bob.is_ok());
    assert_eq!(ann.err().or(bob.err()), Some(SoldOut { left: 1 }));
    assert_eq!(
        trial.call(left("apples".into())).await.expect("an answer"),
        1
    );
}

#[beldi::test]
async fn what_is_not_there_is_not_ordered(trial: Trial) {
    let placed = trial.call(place("ann".into(), "apples".into(), 1)).await;
    assert_eq!(placed.expect("an answer"), Err(SoldOut { left: 0 }));
    assert!(
        trial
            .call(of("ann".into()))
            .await
            .expect("an answer")
            .is_empty()
    );
}
