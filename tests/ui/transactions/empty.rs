//! A transaction has a body.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn nothing() -> Result<u32, SoldOut> {
    beldi::txn! {}
}

fn main() {}
