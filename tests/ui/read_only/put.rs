//! A `read_only` function does not write.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel, read_only)]
async fn touch(hotel: String) {
    if let Some(room) = Room::get((&hotel, 1)).await {
        room.put().await;
    }
}

fn main() {}
