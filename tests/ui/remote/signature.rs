//! A signature is what it could be there.

beldi::remote! {
    pub Hotel = "hotel";

    pub async fn reserve(&self, hotel: &str) -> u32;
}

fn main() {}
