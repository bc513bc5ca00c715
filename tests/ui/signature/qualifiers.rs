//! A function is called by name, and replayed.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async unsafe fn raw(bytes: Vec<u8>) -> usize {
    bytes.len()
}

#[beldi::function(service = Hotel)]
async extern "C" fn foreign(bytes: Vec<u8>) -> usize {
    bytes.len()
}

fn main() {}
