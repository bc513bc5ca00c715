//! A task outlives the attempt, and nobody repeats it.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn later(hotel: String) {
    tokio::spawn(async move { reserve(hotel, 1).await });
}

fn main() {}
