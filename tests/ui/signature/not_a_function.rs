//! The attribute is for functions.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
struct Rooms {
    count: u32,
}

#[beldi::function(service = Hotel, read_only)]
async fn rooms() -> u32 {
    Rooms { count: 1 }.count
}

fn main() {}
