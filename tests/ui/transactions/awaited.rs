//! `txn!` waits by itself.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn one(hotel: String) -> Result<u32, SoldOut> {
    let one = beldi::txn! { reserve(hotel.clone(), 1).await }.await?;
    Ok(one)
}

fn main() {}
