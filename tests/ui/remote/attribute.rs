//! Options stand in an attribute of ours.

beldi::remote! {
    pub Hotel = "hotel";

    #[read_only]
    pub async fn free(hotel: String) -> u32;
}

fn main() {}
