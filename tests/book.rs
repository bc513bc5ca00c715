//! The tests that the book shows.

use beldi::prelude::*;
use beldi::testing::{CrashMatrix, Interleavings};

beldi::service!(Counting = "counting");

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Counting, table = "counters")]
struct Counter {
    #[beldi(partition_key)]
    name: String,
    value: u64,
}

#[beldi::function(service = Counting)]
async fn increment(name: String) {
    Counter::update(&name).add(Counter::VALUE, 1u64).await;
}

#[beldi::function(service = Counting, read_only)]
async fn value(name: String) -> u64 {
    Counter::get(&name).await.map_or(0, |counter| counter.value)
}

// ANCHOR: matrix
#[tokio::test(start_paused = true)]
async fn increments_survive_every_crash() {
    let matrix = CrashMatrix::new(|trial| async move {
        for _ in 0..3 {
            trial.call(increment("visitors".to_owned())).await.expect("an increment");
        }
        trial.call(value("visitors".to_owned())).await.expect("a value")
    });
    matrix.run().await.assert_passed();
}
// ANCHOR_END: matrix

// ANCHOR: interleavings
#[tokio::test(start_paused = true)]
async fn two_attempts_of_one_increment_count_once() {
    let explored = Interleavings::new().explore(|contest| async move {
        let name = "visitors".to_owned();
        let attempt = || contest.attempt::<increment>(&name, false, increment(name.clone()));
        let (one, other) = tokio::join!(attempt(), attempt());
        one.map_err(|error| error.to_string())?;
        other.map_err(|error| error.to_string())?;
        contest.settle().await;
        match contest.client().call(value(name)).await {
            Ok(1) => Ok(()),
            other => Err(format!("the counter stands at {other:?}")),
        }
    });
    let explored = explored.await;
    explored.assert_passed();
    assert!(explored.exhausted, "all interleavings were run");
}
// ANCHOR_END: interleavings
