//! One of them must be wrong.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel, service = Travel)]
async fn count() -> u32 {
    1
}

fn main() {}
