//! So do files.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn terms() -> String {
    std::fs::read_to_string("terms.txt").unwrap_or_default()
}

fn main() {}
