//! The ways out of BELDI025 to BELDI032, as the pages of the book show them.

#![allow(dead_code)]

#[path = "../hotel.rs"]
mod hotel;

mod beldi025 {
    use super::hotel::*;

    // ANCHOR: beldi025
    #[derive(Serialize, Deserialize)]
    enum Kind {
        Single,
        Double,
    }

    #[derive(Item, Serialize, Deserialize)]
    #[beldi(service = Hotel, table = "beds-of-a-kind")]
    struct Bed {
        #[beldi(partition_key)]
        id: String,
        kind: Kind,
    }
    // ANCHOR_END: beldi025
}

mod beldi026 {
    use super::hotel::*;

    // ANCHOR: beldi026
    #[derive(Item, Serialize, Deserialize)]
    #[beldi(service = Hotel, table = "beds")]
    struct Bed {
        #[beldi(partition_key)]
        id: String,
        width: u32,
    }
    // ANCHOR_END: beldi026
}

mod beldi027 {
    use super::hotel::*;

    // ANCHOR: beldi027
    #[derive(Item, Serialize, Deserialize)]
    #[beldi(service = Hotel, table = "beds-by-number")]
    struct Bed {
        #[beldi(partition_key)]
        hotel: String,
        #[beldi(sort_key)]
        number: u32,
    }
    // ANCHOR_END: beldi027
}

mod beldi028 {
    use super::hotel::*;

    // ANCHOR: beldi028
    #[derive(Item, Serialize, Deserialize)]
    #[beldi(service = Hotel, table = "beds-by-width")]
    struct Bed {
        #[beldi(partition_key)]
        hotel: String,
        #[beldi(sort_key)]
        width_cm: u32,
    }
    // ANCHOR_END: beldi028
}

mod beldi029 {
    use super::hotel::*;

    // ANCHOR: beldi029
    #[derive(Item, Serialize, Deserialize)]
    #[beldi(service = Hotel, table = "my-beds")]
    struct Bed {
        #[beldi(partition_key)]
        id: String,
    }
    // ANCHOR_END: beldi029
}

mod beldi030 {
    use super::hotel::*;

    // ANCHOR: beldi030
    #[derive(Item, Serialize, Deserialize)]
    #[beldi(service = Hotel, table = "beds-of-a-city")]
    #[beldi(index(name = "by_city", partition_key = city, sort_key = stars))]
    struct Bed {
        #[beldi(partition_key)]
        id: String,
        city: String,
        stars: u8,
    }

    #[beldi::function(service = Hotel, read_only)]
    async fn in_city(city: String) -> usize {
        Bed::query_index(Bed::BY_CITY, &city).limit(10).await.items.len()
    }
    // ANCHOR_END: beldi030
}

mod beldi031 {
    use super::hotel::*;

    // ANCHOR: beldi031
    #[derive(Item, Serialize, Deserialize)]
    #[beldi(service = Hotel, table = "beds-with-a-log")]
    struct Bed {
        #[beldi(partition_key)]
        id: String,
        #[serde(rename = "log")]
        _beldi_log: String,
        #[serde(rename = "width", alias = "w")]
        width_cm: u32,
    }
    // ANCHOR_END: beldi031
}

mod beldi032 {
    use super::hotel::*;

    // ANCHOR: beldi032
    #[derive(Serialize, Deserialize)]
    struct Size {
        width: u32,
    }

    #[derive(Item, Serialize, Deserialize)]
    #[beldi(service = Hotel, table = "beds-with-a-size")]
    struct Bed {
        #[beldi(partition_key)]
        id: String,
        size: Size,
    }
    // ANCHOR_END: beldi032
}

fn main() {
    let _ = hotel::Room::FREE;
}
