//! A function is called by name, where there is no `self`.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

pub struct Rooms(u32);

impl Rooms {
    #[beldi::function(service = Hotel)]
    async fn count(&self, hotel: String) -> u32 {
        self.0 + free(hotel, 1).await
    }
}

fn main() {}
