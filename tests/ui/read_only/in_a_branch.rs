//! Nor has a branch.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel, read_only)]
async fn peek(hotel: String) -> u32 {
    let (free, _) = beldi::join!(free(hotel.clone(), 1), async {
        Room::delete((&hotel, 2)).await;
    });
    free
}

fn main() {}
