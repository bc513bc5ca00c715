//! A write that is built and dropped never happens.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn open(hotel: String, night: u32) {
    let room = Room { hotel, night, free: 10 };
    room.put();
}

fn main() {}
