//! A key is also written alone, by its type.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

mod hex {
    pub fn serialize<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{bytes:x?}"))
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<[u8; 4], D::Error> {
        <[u8; 4] as serde::Deserialize>::deserialize(deserializer)
    }
}

type Id = [u8; 4];

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    #[beldi(partition_key)]
    #[serde(with = "hex")]
    id: Id,
}

fn main() {}
