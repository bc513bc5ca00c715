//! A transaction is no operation: as a branch it is a block.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn both(hotel: String) -> Result<u32, SoldOut> {
    let (one, other) = beldi::join!(beldi::txn! { reserve(hotel.clone(), 1).await }, reserve(hotel.clone(), 2));
    Ok(one? + other?)
}

fn main() {}
