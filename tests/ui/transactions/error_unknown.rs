//! Nothing says which error the body has.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn one(hotel: String) {
    let _ = beldi::txn! {
        reserve(hotel.clone(), 1).await?;
        Ok(())
    };
}

fn main() {}
