//! Nor does it delete.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel, read_only)]
async fn clean(hotel: String) {
    Room::delete((&hotel, 1)).await;
}

fn main() {}
