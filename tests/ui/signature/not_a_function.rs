//! The attribute is for functions.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
struct Rooms {
    count: u32,
}

fn main() {}
