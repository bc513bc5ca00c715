//! A function is called by name, where no types are known.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn count<T: Into<String>>(hotel: T) -> usize {
    hotel.into().len()
}

fn main() {}
