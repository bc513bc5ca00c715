//! What is not declared as `read_only` has effects.

beldi::service!(Travel = "travel");

beldi::remote! {
    pub Hotel = "hotel";

    pub async fn free(hotel: String) -> u32;
}

#[beldi::function(service = Travel, read_only)]
async fn offers() -> u32 {
    free("Ritz".to_owned()).await
}

fn main() {}
