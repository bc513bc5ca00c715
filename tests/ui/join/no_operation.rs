//! A branch is a durable operation, or a block with some.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

async fn price(night: u32) -> u32 {
    night * 100
}

#[beldi::function(service = Hotel)]
async fn both(hotel: String) -> u32 {
    let (one, other) = beldi::join!(free(hotel, 1), price(2));
    one + other
}

fn main() {}
