//! Items of all forms.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Id(u128);

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Hotel)]
#[beldi(table = "Beds_1.0-old")]
#[beldi(index(name = "by_city", partition_key = city, sort_key = stars), index(name = "by-type", partition_key = r#type))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bed {
    #[beldi(partition_key)]
    bed_id: Id,
    #[serde(rename = "c")]
    pub city: String,
    pub stars: u8,
    pub(crate) r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip)]
    pub cache: Vec<u8>,
}

#[beldi::function(service = Hotel, read_only)]
async fn stars(id: Id) -> Option<u8> {
    let bed = Bed::get(&id).await?;
    let _ = (Bed::BED_ID, Bed::BY_CITY, Bed::BY_TYPE, Bed::NOTE);
    Some(bed.stars)
}

fn main() {
    assert_eq!(Bed::SCHEMA.attributes, ["bedId", "c", "stars", "type", "note"]);
    assert_eq!((Bed::SCHEMA.partition_key, Bed::SCHEMA.sort_key, Bed::TABLE), ("bedId", None, "Beds_1.0-old"));
}
