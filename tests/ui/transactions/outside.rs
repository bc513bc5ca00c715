//! `txn!` has its place in a function.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

async fn ordinary() -> Result<u32, SoldOut> {
    beldi::txn! {
        let one = reserve("Ritz".to_owned(), 1).await?;
        Ok(one)
    }
}

fn main() {}
