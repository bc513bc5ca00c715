//! Branches are steps, and only functions have steps.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

async fn both(hotel: String) -> u32 {
    let (one, other) = beldi::join!(free(hotel.clone(), 1), free(hotel, 2));
    one + other
}

fn main() {}
