//! There must be something to join.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn nothing() {
    beldi::join!();
}

fn main() {}
