//! The result of a transaction tells whether it took place.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn one(hotel: String) -> Result<(), SoldOut> {
    beldi::txn! { reserve(hotel.clone(), 1).await };
    beldi::txn! { reserve(hotel.clone(), 2).await }
    Ok(())
}

fn main() {}
