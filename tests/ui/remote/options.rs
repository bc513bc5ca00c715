//! How long an attempt may take is decided where the code is.

beldi::remote! {
    pub Hotel = "hotel";

    #[beldi(read_only, timeout = "5s")]
    pub async fn free(hotel: String) -> u32;
}

fn main() {}
