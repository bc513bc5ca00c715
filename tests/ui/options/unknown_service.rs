//! A service that is not there is one message of the compiler.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Motel)]
async fn count(hotel: String) -> u32 {
    free(hotel.clone(), 1).await + free(hotel, 2).await
}

fn main() {}
