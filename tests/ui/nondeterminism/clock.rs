//! The clocks of the standard library.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

use std::time::{Instant, SystemTime};

#[beldi::function(service = Hotel)]
async fn is_late(until: SystemTime) -> bool {
    let start = Instant::now();
    until < SystemTime::now() || start.elapsed().as_secs() > 1
}

fn main() {}
