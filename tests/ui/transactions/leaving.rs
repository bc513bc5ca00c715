//! A jump out of a transaction would say neither whether to commit nor whether to roll back.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn first_free(hotel: String) -> Option<u32> {
    'nights: for night in 1..10 {
        let taken: Result<u32, SoldOut> = beldi::txn! {
            let free = free(hotel.clone(), night).await;
            if free == 0 {
                continue;
            }
            for _ in 0..free {
                reserve(hotel.clone(), night).await?;
                break 'nights;
            }
            Ok(night)
        };
        if let Ok(night) = taken {
            return Some(night);
        }
    }
    None
}

fn main() {}
