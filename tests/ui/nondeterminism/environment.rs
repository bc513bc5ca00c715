//! Environment variables differ from machine to machine.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn region() -> String {
    std::env::var("AWS_REGION").unwrap_or_default()
}

fn main() {}
