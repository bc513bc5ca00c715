//! A transaction locks by itself.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn take(hotel: String) -> Result<u32, SoldOut> {
    beldi::txn! {
        let guard = beldi::lock::<Room>((&hotel, 1)).await;
        let room = Room::get((&hotel, 1)).await.ok_or(SoldOut)?;
        guard.unlock().await;
        Ok(room.free)
    }
}

fn main() {}
