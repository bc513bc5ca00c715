//! Least of all when it does not wait for it.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Travel, read_only)]
async fn peek(hotel: String) {
    free(hotel, 1).detach().await;
}

fn main() {}
