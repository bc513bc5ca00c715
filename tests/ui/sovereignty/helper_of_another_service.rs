//! A helper with a service serves its functions alone.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Travel)]
async fn book(mut room: Room) {
    close(&mut room).await;
}

fn main() {}
