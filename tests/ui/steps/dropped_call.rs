//! A call that is built and dropped never happens, detached or not.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Travel)]
async fn book(hotel: String) {
    reserve(hotel.clone(), 1);
    reserve(hotel, 2).detach();
}

fn main() {}
