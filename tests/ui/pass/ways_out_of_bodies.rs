//! The ways out of BELDI001 to BELDI011, BELDI022 and BELDI023, as the pages of the book show them.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

mod beldi001 {
    use super::hotel::*;

    // ANCHOR: beldi001
    #[beldi::helper]
    async fn price(hotel: &str, night: u32) -> u32 {
        free(hotel.to_owned(), night).await * 100
    }

    #[beldi::function(service = Hotel)]
    async fn offer(hotel: String, night: u32) -> Result<u32, String> {
        let price = price(&hotel, night).await;
        let tax = beldi::external("tax", move |_key| async move { ask_the_tax_office(price).await });
        Ok(price + tax.await.map_err(|error| error.to_string())?)
    }
    // ANCHOR_END: beldi001

    async fn ask_the_tax_office(price: u32) -> Result<u32, String> {
        Ok(price / 10)
    }
}

mod beldi002 {
    use super::hotel::*;

    // ANCHOR: beldi002
    #[beldi::function(service = Hotel)]
    async fn is_late(until: std::time::SystemTime) -> bool {
        until < beldi::now().await
    }
    // ANCHOR_END: beldi002
}

mod beldi003 {
    use super::hotel::*;

    // ANCHOR: beldi003
    #[beldi::function(service = Hotel)]
    async fn confirmation() -> String {
        let id = beldi::uuid().await;
        let dice = beldi::random_below(6).await + 1;
        format!("{id}-{dice}")
    }
    // ANCHOR_END: beldi003
}

mod beldi004 {
    use super::hotel::*;

    // ANCHOR: beldi004
    use std::sync::LazyLock;

    static CURRENCY: LazyLock<String> = LazyLock::new(|| std::env::var("CURRENCY").unwrap_or("EUR".to_owned()));

    #[beldi::function(service = Hotel)]
    async fn price(night: u32) -> Result<String, String> {
        let currency = beldi::external("currency", |_key| async { Ok::<_, String>(CURRENCY.clone()) });
        let currency = currency.await.map_err(|error| error.to_string())?;
        Ok(format!("{night} {currency}"))
    }
    // ANCHOR_END: beldi004
}

mod beldi005 {
    use super::hotel::*;

    // ANCHOR: beldi005
    #[beldi::function(service = Travel)]
    async fn later(hotel: String) {
        reserve(hotel, 1).detach().await;
    }
    // ANCHOR_END: beldi005
}

mod beldi006 {
    use super::hotel::*;

    // ANCHOR: beldi006
    #[beldi::function(service = Travel)]
    async fn cheapest(one: String, other: String) -> u32 {
        let (one, other) = beldi::join!(free(one, 1), free(other, 1));
        one.min(other)
    }
    // ANCHOR_END: beldi006
}

mod beldi007 {
    use super::hotel::*;

    // ANCHOR: beldi007
    #[beldi::function(service = Hotel)]
    async fn total(hotels: Vec<String>) -> String {
        let mut total = 0;
        for hotel in hotels {
            total += free(hotel, 1).await;
        }
        serde_json::json!({ "free": total }).to_string()
    }
    // ANCHOR_END: beldi007
}

mod beldi008 {
    use super::hotel::*;

    // ANCHOR: beldi008
    #[derive(Serialize, Deserialize)]
    pub struct Stay {
        pub night: u32,
    }

    #[beldi::function(service = Hotel)]
    async fn count(hotel: String, stay: Stay) -> u32 {
        free(hotel, stay.night).await
    }
    // ANCHOR_END: beldi008
}

mod beldi009 {
    use super::hotel::*;

    // ANCHOR: beldi009
    #[beldi::function(service = Travel)]
    async fn book(hotel: String) -> u32 {
        free(hotel, 1).await
    }
    // ANCHOR_END: beldi009
}

mod beldi010 {
    use super::hotel::*;

    // ANCHOR: beldi010
    #[beldi::function(service = Hotel)]
    async fn touch(hotel: String) {
        if let Some(room) = Room::get((&hotel, 1)).await {
            room.put().await;
        }
    }
    // ANCHOR_END: beldi010
}

mod beldi011 {
    use super::hotel::*;

    // ANCHOR: beldi011
    #[beldi::function(service = Hotel)]
    async fn open(hotel: String, night: u32) {
        let room = Room { hotel, night, free: 10 };
        room.put().await;
    }
    // ANCHOR_END: beldi011
}

mod beldi022 {
    use super::hotel::*;

    // ANCHOR: beldi022
    #[beldi::function(service = Travel)]
    async fn both(hotel: String) -> u32 {
        let (one, other) = beldi::join!(free(hotel.clone(), 1), free(hotel, 2));
        one + other
    }

    async fn ordinary(client: &beldi::Client) -> Result<u32, beldi::ClientError> {
        client.call(both("Ritz".to_owned())).await
    }
    // ANCHOR_END: beldi022

    const _: () = {
        let _ = ordinary;
    };
}

mod beldi023 {
    use super::hotel::*;

    // ANCHOR: beldi023
    #[beldi::function(service = Hotel)]
    async fn both(hotel: String) -> u32 {
        let (one, others) = beldi::join!(free(hotel.clone(), 1), async {
            let first = free(hotel.clone(), 2).await;
            first + free(hotel.clone(), 3).await
        });
        one + others
    }
    // ANCHOR_END: beldi023
}

fn main() {
    let _ = Room::FREE;
}
