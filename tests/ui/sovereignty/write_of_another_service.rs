//! Least of all are they written.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Travel)]
async fn book(hotel: String) {
    Room { hotel, night: 1, free: 0 }.put().await;
}

fn main() {}
