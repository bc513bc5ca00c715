//! Errors are results.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Debug)]
pub struct Closed;

#[beldi::function(service = Hotel)]
async fn price(night: u32) -> Result<u32, Closed> {
    if night == 0 { Err(Closed) } else { Ok(night) }
}

fn main() {}
