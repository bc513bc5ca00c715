//! What belongs to another service stays refused.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Travel)]
async fn peek(hotel: String) -> Result<u32, SoldOut> {
    beldi::txn! {
        let room = Room::get((&hotel, 1)).await.ok_or(SoldOut)?;
        Ok(room.free)
    }
}

fn main() {}
