//! A transaction that is `read_only` has no effects.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn close_all(hotel: String) -> Result<(), SoldOut> {
    beldi::txn! { read_only =>
        let mut room = Room::get((&hotel, 1)).await.ok_or(SoldOut)?;
        room.free = 0;
        room.put().await;
        Ok(())
    }
}

fn main() {}
