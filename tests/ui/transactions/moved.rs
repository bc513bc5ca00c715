//! A value that the body takes is gone for the next try.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn one(hotel: String) -> Result<u32, SoldOut> {
    beldi::txn! {
        let one = reserve(hotel, 1).await?;
        Ok(one)
    }
}

fn main() {}
