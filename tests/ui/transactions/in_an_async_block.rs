//! A transaction in an `async` block that is no branch of a `join!` cannot be numbered.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn one(hotel: String) -> Result<u32, SoldOut> {
    let _one = async { beldi::txn! { reserve(hotel.clone(), 1).await } };
    Ok(1)
}

fn main() {}
