//! What crosses the boundary is something that serde can write and read.

pub struct Stay {
    pub hotel: String,
}

beldi::remote! {
    pub Hotel = "hotel";

    pub async fn reserve(stay: Stay) -> u32;
}

fn main() {}
