//! Options of a transaction.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn several(hotel: String) -> Result<u32, SoldOut> {
    let first = beldi::txn! { retries = 8 => reserve(hotel.clone(), 1).await }?;
    let second = beldi::txn! { read_only, max_tries = 8, max_tries = 9 => Ok(free(hotel.clone(), 1).await) }?;
    let third = beldi::txn! { max_tries = 0, max_wait = "2 hours" => reserve(hotel.clone(), 1).await }?;
    let fourth = beldi::txn! { max_tries = first, read_only = true => Ok(free(hotel.clone(), 1).await) }?;
    let fifth = beldi::txn! { max_tries 8 => reserve(hotel.clone(), 1).await }?;
    Ok(first + second + third + fourth + fifth)
}

fn main() {}
