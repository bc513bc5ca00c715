//! An unknown option lists the known ones.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel, readonly)]
async fn count() -> u32 {
    1
}

fn main() {}
