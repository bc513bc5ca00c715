//! An `async fn` of the user is no durable operation: it is a helper when it has steps.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

async fn price(night: u32) -> u32 {
    night * 100
}

#[beldi::function(service = Hotel)]
async fn offer(night: u32) -> u32 {
    let price = price(night).await;
    price + 1
}

fn main() {}
