//! Helpers are replayed as part of functions.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::helper(service = Hotel)]
async fn now() -> u64 {
    std::time::SystemTime::now().elapsed().unwrap_or_default().as_secs()
}

fn main() {}
