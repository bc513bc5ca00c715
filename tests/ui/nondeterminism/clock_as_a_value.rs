//! A clock is also read by whom it is handed to.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

use std::time::SystemTime;

#[beldi::function(service = Hotel)]
async fn since(at: Option<SystemTime>) -> SystemTime {
    at.unwrap_or_else(SystemTime::now)
}

fn main() {}
