//! What comes first is the service.

beldi::remote! {
    pub async fn free(hotel: String) -> u32;
}

fn main() {}
