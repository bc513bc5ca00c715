//! There is one commit: a block inside of another would have none of its own.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn twice(hotel: String) -> Result<u32, SoldOut> {
    beldi::txn! {
        let first = reserve(hotel.clone(), 1).await?;
        let second: Result<u32, SoldOut> = beldi::txn! { reserve(hotel.clone(), 2).await };
        Ok(first + second.unwrap_or(0))
    }
}

fn main() {}
