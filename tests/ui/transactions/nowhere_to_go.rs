//! `?` behind a transaction needs a function that gives a `Result`.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn one(hotel: String) -> u32 {
    beldi::txn! { reserve(hotel.clone(), 1).await }?
}

fn main() {}
