//! Branches are steps, and only functions have steps.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

async fn both() -> (u32, u32) {
    let one = free("Ritz".to_owned(), 1);
    beldi::join!(one, free("Ritz".to_owned(), 2))
}

fn main() {}
