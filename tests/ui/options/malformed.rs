//! Options are names, or names with a value.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = "hotel", read_only = true)]
async fn count() -> u32 {
    1
}

#[beldi::function(service = Hotel, 5)]
async fn again() -> u32 {
    1
}

fn main() {}
