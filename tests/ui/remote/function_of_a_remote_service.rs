//! The other team's service has the functions that the other team writes.

beldi::remote! {
    pub Hotel = "hotel";
}

#[beldi::function(service = Hotel)]
pub async fn close(hotel: String) -> usize {
    hotel.len()
}

fn main() {}
