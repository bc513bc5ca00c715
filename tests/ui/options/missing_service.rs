//! Every function belongs to a service.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function]
async fn count() -> u32 {
    1
}

#[beldi::function(service = Hotel)]
async fn caller() -> u32 {
    count().await + 1
}

fn main() {}
