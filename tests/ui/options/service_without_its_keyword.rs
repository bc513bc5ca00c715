//! Options have names.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(Hotel)]
async fn count(hotel: String) -> u32 {
    free(hotel, 1).await
}

fn main() {}
