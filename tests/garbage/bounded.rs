//! A cycle takes a part of what there is, and the next ones the rest.

use std::time::Duration;

use beldi::Settings;
use beldi::host::LocalHost;
use beldi::testing::fresh_store;
use tokio::time::sleep;

use crate::world::*;

async fn tiny() -> LocalHost {
    let settings = Settings { log_entries: 1, ..settings() };
    start(fresh_store().await.expect("a store"), settings, None).await
}

/// How many items the journal has, with the watermark.
async fn items_left(host: &LocalHost) -> usize {
    items(host, "shop-journal").await.len()
}

/// How many segments there are.
async fn segments(host: &LocalHost) -> usize {
    items(host, "shop-journal").await.iter().filter(|item| item.contains_key("log")).count()
}

/// Waits until everything that was done is below the watermark.
async fn ripen(host: &LocalHost) {
    sleep(Duration::from_millis(3000)).await;
    host.collect_garbage().await.expect("the store answers");
    sleep(Duration::from_millis(1200)).await;
}

/// One cycle had no bound for one row: it passed and deleted whatever there was of it.
#[tokio::test(start_paused = true)]
async fn a_cycle_takes_a_part_of_the_segments_of_one_row() {
    let host = tiny().await;
    let writes = 450;
    for _ in 0..writes {
        call(&host.client(), add("tea".into())).await;
    }
    ripen(&host).await;
    let (mut left, mut cycles) = (segments(&host).await, 0);
    assert_eq!(left, writes - 1);
    while left > 0 {
        let garbage = host.collect_garbage().await.expect("the store answers");
        assert!(garbage.segments <= 100, "{} segments", garbage.segments);
        // What two services cost at rest, and four pages of segments, one look and one update of the row.
        assert!(garbage.requests <= garbage.segments + 44 + 6, "{} requests", garbage.requests);
        assert!(garbage.more || garbage.segments == left as u64, "{garbage:?}, {left}");
        let before = std::mem::replace(&mut left, segments(&host).await);
        assert_eq!(garbage.segments, (before - left) as u64);
        cycles += 1;
        assert!(cycles <= 10, "{left} segments are left");
    }
    assert_eq!(call(&host.client(), free("tea".into())).await, writes as i64);
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

/// One cycle deleted all records of an instance, however many it had.
#[tokio::test(start_paused = true)]
async fn a_cycle_takes_a_part_of_the_records_of_one_instance() {
    let host = tiny().await;
    let articles: Vec<_> = (0..250).map(|n| format!("tea {n}")).collect();
    assert_eq!(call(&host.client(), copy(articles)).await, 250);
    host.settle().await.expect("the store answers");
    ripen(&host).await;
    let (mut left, mut deleted) = (items_left(&host).await, Vec::new());
    assert!(left >= 250, "{left} records");
    loop {
        let garbage = host.collect_garbage().await.expect("the store answers");
        let before = std::mem::replace(&mut left, items_left(&host).await);
        assert_eq!(garbage.records, (before - left) as u64);
        deleted.push(garbage.records);
        if !garbage.more {
            break;
        }
    }
    assert!(deleted.len() == 3 && deleted.iter().all(|records| *records < 110), "{deleted:?}");
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}
