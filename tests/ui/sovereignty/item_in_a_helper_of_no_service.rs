//! A helper that touches tables says whose they are.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::helper(read_only)]
async fn rooms(hotel: &str) -> u32 {
    Room::get((hotel, 1)).await.map_or(0, |room| room.free)
}

fn main() {}
