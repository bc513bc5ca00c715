//! Who wins a race is not recorded.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Travel)]
async fn cheapest(one: String, other: String) -> u32 {
    tokio::select! {
        price = free(one, 1) => price,
        price = free(other, 1) => price,
    }
}

fn main() {}
