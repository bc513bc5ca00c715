//! An operation is a value, not a future: only a beldi function can await it.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

async fn ordinary(hotel: String) -> u32 {
    free(hotel, 1).await
}

fn main() {}
