//! A helper is generic by name.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::helper(service = Hotel)]
async fn count(hotel: impl Into<String> + Send) -> usize {
    hotel.into().len()
}

fn main() {}
