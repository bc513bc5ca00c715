//! A branch belongs to the service of its function.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Travel)]
async fn book(hotel: String) -> bool {
    let (trip, room) = beldi::join!(Trip::get("1"), Room::get((&hotel, 1)));
    trip.is_some() && room.is_some()
}

fn main() {}
