//! Options end in `=>`.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn total(hotel: String) -> Result<u32, SoldOut> {
    beldi::txn! { max_tries = 8, read_only
        Ok(free(hotel.clone(), 1).await)
    }
}

fn main() {}
