//! Blocking tasks as well.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn hash(text: String) -> usize {
    tokio::task::spawn_blocking(move || text.len()).await.unwrap_or(0)
}

fn main() {}
