//! Reading back is not enough to write.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(serde::Deserialize)]
pub struct Stay {
    pub night: u32,
}

#[beldi::function(service = Hotel)]
async fn count(hotel: String, stay: Stay) -> u32 {
    free(hotel, stay.night).await
}

fn main() {}
