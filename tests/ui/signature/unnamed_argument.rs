//! The name of an argument is its field in a JSON request.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn nights((from, to): (u32, u32), _: String) -> u32 {
    to - from
}

fn main() {}
