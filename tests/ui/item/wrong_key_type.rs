//! Also in its parts.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn rooms(hotel: String, night: String) -> u32 {
    Room::get((&hotel, &night)).await.map_or(0, |room| room.free)
}

fn main() {}
