//! Nothing waits for time or for an event while it holds locks.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn patient(hotel: String) -> Result<u32, SoldOut> {
    beldi::txn! {
        let room = Room::get((&hotel, 1)).await.ok_or(SoldOut)?;
        beldi::sleep(std::time::Duration::from_secs(1)).await;
        beldi::sleep_until(beldi::now().await).await;
        beldi::wait_for::<u32>("paid").await;
        Ok(room.free)
    }
}

fn main() {}
