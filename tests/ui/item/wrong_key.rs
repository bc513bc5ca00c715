//! A key has the type of the key fields.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn rooms(hotel: String) -> u32 {
    Room::get(&hotel).await.map_or(0, |room| room.free)
}

fn main() {}
