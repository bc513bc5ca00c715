//! A time limit around an operation would not be recorded.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Travel)]
async fn hurry(hotel: String) -> bool {
    let second = std::time::Duration::from_secs(1);
    tokio::time::timeout(second, reserve(hotel, 1)).await.is_ok()
}

fn main() {}
