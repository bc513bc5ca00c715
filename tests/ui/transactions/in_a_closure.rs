//! A transaction in a closure cannot be numbered.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn both(hotel: String) -> Result<u32, SoldOut> {
    let take = async |night| beldi::txn! { reserve(hotel.clone(), night).await };
    Ok(take(1).await? + take(2).await?)
}

fn main() {}
