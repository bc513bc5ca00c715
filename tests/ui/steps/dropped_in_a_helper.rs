//! Helpers are as strict as functions.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::helper(service = Hotel)]
async fn reopen(room: &mut Room) {
    room.free = 1;
    room.put();
}

fn main() {}
