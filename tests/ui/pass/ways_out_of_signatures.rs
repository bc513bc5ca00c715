//! The ways out of BELDI012 to BELDI021 and of BELDI024, as the pages of the book show them.

#[path = "../hotel.rs"]
mod hotel;

mod beldi012 {
    use super::hotel::*;

    // ANCHOR: beldi012
    #[beldi::function(service = Hotel)]
    async fn rooms() -> u32 {
        10
    }
    // ANCHOR_END: beldi012
}

mod beldi013 {
    use super::hotel::*;

    #[derive(Serialize, Deserialize)]
    pub struct Rooms(u32);

    // ANCHOR: beldi013
    #[beldi::function(service = Hotel)]
    async fn count(rooms: Rooms, hotel: String) -> u32 {
        rooms.0 + free(hotel, 1).await
    }
    // ANCHOR_END: beldi013
}

mod beldi014 {
    use super::hotel::*;

    // ANCHOR: beldi014
    #[beldi::helper]
    async fn first<T: Clone + Send + Sync>(values: &[T], hotel: &str) -> Option<T> {
        let skip = free(hotel.to_owned(), 1).await;
        values.get(skip as usize).cloned()
    }

    #[beldi::function(service = Hotel)]
    async fn first_night(nights: Vec<u32>, hotel: String) -> Option<u32> {
        first(&nights, &hotel).await
    }
    // ANCHOR_END: beldi014
}

mod beldi015 {
    use super::hotel::*;

    // ANCHOR: beldi015
    #[beldi::function(service = Hotel)]
    async fn longest(one: String, others: Vec<String>) -> String {
        others.into_iter().find(|other| other.len() > one.len()).unwrap_or_default()
    }
    // ANCHOR_END: beldi015
}

mod beldi016 {
    use super::hotel::*;

    // ANCHOR: beldi016
    extern "C" fn checksum(length: usize) -> usize {
        length % 7
    }

    #[beldi::function(service = Hotel)]
    async fn raw(bytes: Vec<u8>) -> usize {
        checksum(bytes.len())
    }
    // ANCHOR_END: beldi016
}

mod beldi017 {
    use super::hotel::*;

    // ANCHOR: beldi017
    #[beldi::function(service = Hotel)]
    async fn nights(stay: (u32, u32), _guest: String) -> u32 {
        let (from, to) = stay;
        to - from
    }
    // ANCHOR_END: beldi017
}

mod beldi018 {
    use super::hotel::*;

    // ANCHOR: beldi018
    #[beldi::function(service = Hotel)]
    async fn count() -> u32 {
        1
    }
    // ANCHOR_END: beldi018
}

mod beldi019 {
    use super::hotel::*;

    // ANCHOR: beldi019
    #[beldi::function(service = Hotel, read_only)]
    async fn count() -> u32 {
        1
    }
    // ANCHOR_END: beldi019
}

mod beldi020 {
    use super::hotel::*;

    // ANCHOR: beldi020
    #[beldi::function(service = Hotel)]
    async fn count() -> u32 {
        1
    }
    // ANCHOR_END: beldi020
}

mod beldi021 {
    use super::hotel::*;

    // ANCHOR: beldi021
    #[beldi::function(service = Hotel, read_only, timeout = "500ms")]
    async fn count() -> u32 {
        1
    }
    // ANCHOR_END: beldi021
}

mod beldi024 {
    // ANCHOR: beldi024
    beldi::service!(pub GrandHotel = "grand-hotel");
    // ANCHOR_END: beldi024
}

fn main() {
    let _ = hotel::Room::FREE;
}
