//! A closure may run never, or often.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn both(hotel: String) -> u32 {
    let both = async || beldi::join!(free(hotel.clone(), 1), free(hotel.clone(), 2));
    both.await.0
}

fn main() {}
