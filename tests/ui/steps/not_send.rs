//! What lives across a step must be `Send`, since an attempt may move between threads.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

use std::rc::Rc;

#[beldi::function(service = Hotel)]
async fn count(hotel: String) -> u32 {
    let name = Rc::new(hotel);
    let free = free(name.to_string(), 1).await;
    free + name.len() as u32
}

fn main() {}
