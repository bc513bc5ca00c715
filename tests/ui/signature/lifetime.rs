//! A lifetime ends with the process.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn count<'a>(hotel: std::borrow::Cow<'a, str>) -> usize {
    hotel.len()
}

fn main() {}
