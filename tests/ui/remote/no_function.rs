//! Only functions cross the boundary: a table stays with its service.

beldi::remote! {
    pub Hotel = "hotel";

    pub struct Room {
        pub hotel: String,
    }

    #[beldi(read_only)]
    pub async fn free(hotel: String) -> u32;
}

beldi::service!(Travel = "travel");

#[beldi::function(service = Travel, read_only)]
async fn offers() -> u32 {
    free("Ritz".to_owned()).await
}

fn main() {}
