//! The same with an imported name.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

use tokio::spawn;

#[beldi::function(service = Hotel)]
async fn later(hotel: String) {
    spawn(async move { reserve(hotel, 1).await });
}

fn main() {}
