//! A helper has fewer: time limits belong to functions.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::helper(service = Hotel, timeout = "5s")]
async fn count() -> u32 {
    1
}

fn main() {}
