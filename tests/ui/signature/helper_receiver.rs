//! A helper takes what it needs as arguments.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

impl Room {
    #[beldi::helper(service = Hotel)]
    async fn close(&mut self) {
        self.free = 0;
    }
}

fn main() {}
