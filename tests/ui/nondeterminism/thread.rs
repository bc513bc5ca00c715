//! A thread outlives the attempt, and nobody repeats it.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn clean(nights: Vec<u32>) -> usize {
    let handle = std::thread::spawn(move || nights.len());
    handle.join().unwrap_or(0)
}

fn main() {}
