//! A helper says that it has no effects, or it may have some.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel, read_only)]
async fn peek(hotel: String) {
    if let Some(mut room) = Room::get((&hotel, 1)).await {
        close(&mut room).await;
    }
}

fn main() {}
