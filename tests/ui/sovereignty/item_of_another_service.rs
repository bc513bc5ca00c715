//! Only the functions of `Hotel` touch its tables.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Travel)]
async fn book(hotel: String) -> u32 {
    let room = Room::get((&hotel, 1)).await;
    room.map_or(0, |room| room.free)
}

fn main() {}
