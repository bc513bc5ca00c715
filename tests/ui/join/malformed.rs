//! Branches are expressions.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn both(hotel: String) -> u32 {
    let (one, other) = beldi::join!(free(hotel.clone(), 1); free(hotel, 2));
    one + other
}

fn main() {}
