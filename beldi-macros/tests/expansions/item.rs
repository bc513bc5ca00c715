//! An item with two keys and an index.

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "rooms")]
#[beldi(index(name = "by_city", partition_key = city, sort_key = free))]
pub struct Room {
    #[beldi(partition_key)]
    pub hotel: String,
    #[beldi(sort_key)]
    pub night: Date,
    #[serde(rename = "town")]
    pub city: String,
    pub free: u32,
}
