//! What the tests call: functions that can be asked for too much.

use beldi::prelude::*;

beldi::service!(pub(crate) Archive = "archive");

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Archive, table = "papers")]
pub(crate) struct Paper {
    #[beldi(partition_key)]
    pub(crate) title: String,
    pub(crate) text: String,
}

/// A key by its type, but not with every value.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub(crate) enum Place {
    Cellar,
    /// A map, as serde writes it.
    Elsewhere(String),
}

/// Read as a string, but written as null where it is empty.
#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(from = "String", into = "Option<String>")]
pub(crate) struct Label(String);

impl From<String> for Label {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Label> for Option<String> {
    fn from(label: Label) -> Self {
        Some(label.0).filter(|text| !text.is_empty())
    }
}

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Archive, table = "cartons")]
pub(crate) struct Carton {
    #[beldi(partition_key)]
    pub(crate) place: Place,
    #[beldi(sort_key)]
    pub(crate) label: Label,
    pub(crate) papers: u32,
}

#[beldi::function(service = Archive)]
pub(crate) async fn file(title: String, text: String) -> usize {
    let bytes = text.len();
    Paper { title, text }.put().await;
    bytes
}

/// Makes an item that is much larger than its arguments.
#[beldi::function(service = Archive)]
pub(crate) async fn fill(title: String, bytes: usize) {
    Paper { title, text: "x".repeat(bytes) }.put().await;
}

/// Files a paper, or gives the size of the one that is there.
#[beldi::function(service = Archive)]
pub(crate) async fn file_new(title: String, text: String) -> Result<(), Option<usize>> {
    let refused = Paper { title, text }.put().when(Paper::absent()).await;
    refused.map_err(|conflict| conflict.current.map(|paper| paper.text.len()))
}

/// A number by its type, but not one of DynamoDB's with every value.
#[derive(Serialize, Deserialize, Clone, Copy, Debug)]
pub(crate) struct Grams(f64);

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Archive, table = "weights")]
pub(crate) struct Weight {
    #[beldi(partition_key)]
    pub(crate) grams: Grams,
}

#[beldi::function(service = Archive)]
pub(crate) async fn weigh(grams: String) {
    Weight { grams: Grams(grams.parse().unwrap_or(f64::NAN)) }.put().await;
}

#[beldi::function(service = Archive)]
pub(crate) async fn pack(kind: String, label: String) {
    let place = if kind == "cellar" { Place::Cellar } else { Place::Elsewhere(kind) };
    Carton { place, label: Label(label), papers: 1 }.put().await;
}

#[beldi::function(service = Archive)]
pub(crate) async fn unpack(kind: String, label: String) -> Option<u32> {
    let place = if kind == "cellar" { Place::Cellar } else { Place::Elsewhere(kind) };
    Carton::get((place, Label(label))).await.map(|found| found.papers)
}

#[beldi::function(service = Archive)]
pub(crate) async fn copy(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// Journals what it has read.
#[beldi::function(service = Archive)]
pub(crate) async fn read_all() -> usize {
    let papers = Paper::scan().await.items;
    Paper { title: "index".to_owned(), text: String::new() }.put().await;
    papers.len()
}
