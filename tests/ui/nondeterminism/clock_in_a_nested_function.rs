//! Functions inside of the body are code of the function.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

use std::time::SystemTime;

#[beldi::function(service = Hotel)]
async fn stamp() -> SystemTime {
    fn now() -> SystemTime {
        SystemTime::now()
    }
    now()
}

fn main() {}
