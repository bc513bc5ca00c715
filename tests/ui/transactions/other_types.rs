//! What the body gives has the types that are asked for.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn one(hotel: String) -> Result<u32, SoldOut> {
    let _first = beldi::txn! {
        let room = Room::get((&hotel, 1)).await.ok_or("no such room")?;
        Ok(room.free)
    }?;
    let second: Result<u32, SoldOut> = beldi::txn! { Ok(hotel.clone()) };
    second
}

fn main() {}
