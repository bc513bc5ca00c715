//! What an external action does cannot be rolled back.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn pay(hotel: String, night: u32) -> Result<u32, SoldOut> {
    beldi::txn! {
        let mut room = Room::get((&hotel, night)).await.ok_or(SoldOut)?;
        room.free -= 1;
        beldi::external("pay", |key| async move { Ok::<_, String>(key) }).await.map_err(|_| SoldOut)?;
        room.put().await;
        Ok(1)
    }
}

fn main() {}
