//! A `read_only` function does not call one that has effects.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Travel, read_only)]
async fn peek(hotel: String) -> bool {
    free(hotel.clone(), 1).await > 0 && reserve(hotel, 1).await.is_ok()
}

fn main() {}
