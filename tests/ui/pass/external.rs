//! An external action does what it wants.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

use std::time::{Duration, SystemTime};

#[beldi::function(service = Hotel)]
async fn pay(cents: u64) -> bool {
    beldi::external("pay", move |key| async move {
        tokio::time::sleep(Duration::from_millis(cents)).await;
        let _ = (SystemTime::now(), std::env::var("BANK"), key);
        tokio::spawn(async { 1 }).await.map_err(|error| error.to_string())
    })
    .retry(beldi::RetryPolicy::tries(3))
    .time_limit(Duration::from_secs(1))
    .await
    .is_ok()
}

fn main() {}
