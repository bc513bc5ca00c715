//! What is no operation at all.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn count(nights: Vec<u32>) -> usize {
    nights.len().await
}

fn main() {}
