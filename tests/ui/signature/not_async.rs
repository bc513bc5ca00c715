//! Steps are awaited, so a function is `async`.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
fn rooms() -> u32 {
    10
}

fn main() {}
