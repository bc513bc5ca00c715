//! A transaction takes locks, and `read_only` code has no effects.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel, read_only)]
async fn total(hotel: String) -> Result<u32, SoldOut> {
    beldi::txn! { read_only => Ok(free(hotel.clone(), 1).await + free(hotel.clone(), 2).await) }
}

#[beldi::helper(service = Hotel, read_only)]
async fn first(hotel: &str) -> Result<u32, SoldOut> {
    beldi::txn! { Ok(free(hotel.to_owned(), 1).await) }
}

fn main() {}
