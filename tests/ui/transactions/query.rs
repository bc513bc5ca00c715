//! Queries and scans lock nothing.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn total(hotel: String) -> Result<usize, SoldOut> {
    beldi::txn! {
        let rooms = Room::query(&hotel).at_least(1u32).await;
        let (all, one) = beldi::join!(Room::scan(), Room::get((&hotel, 1)));
        Ok(rooms.items.len() + all.items.len() + usize::from(one.is_some()))
    }
}

fn main() {}
