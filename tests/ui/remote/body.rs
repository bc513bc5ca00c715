//! The code is in the other program.

beldi::remote! {
    pub Hotel = "hotel";

    pub async fn free(hotel: String) -> u32 {
        hotel.len() as u32
    }
}

fn main() {}
