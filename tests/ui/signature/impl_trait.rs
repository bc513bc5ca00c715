//! A type that has no name cannot be decoded.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn count(hotel: impl Into<String>) -> impl Sized {
    hotel.into().len()
}

fn main() {}
