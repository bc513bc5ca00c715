//! What lives across a step of a transaction must be `Send`.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

use std::rc::Rc;

#[beldi::function(service = Hotel)]
async fn one(hotel: String) -> Result<u32, SoldOut> {
    beldi::txn! {
        let name = Rc::new(hotel.clone());
        let free = free(name.to_string(), 1).await;
        Ok(free + name.len() as u32)
    }
}

fn main() {}
