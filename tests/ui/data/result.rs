//! So are results.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

pub struct Price(u32);

#[beldi::function(service = Hotel)]
async fn price(night: u32) -> Price {
    Price(night)
}

fn main() {}
