//! The value of the body is a `Result`.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn one(hotel: String) -> Result<u32, SoldOut> {
    let first = beldi::txn! { free(hotel.clone(), 1).await }?;
    let second: Result<u32, SoldOut> = beldi::txn! {
        let room = Room { hotel, night: 2, free: 10 };
        room.put().await;
    };
    Ok(first + second?)
}

fn main() {}
