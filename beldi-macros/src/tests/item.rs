//! Items: their mistakes, and the names that serde gives their fields.

use super::{codes, text, tokens};
use crate::item::item;

const KEY: &str = "#[beldi(partition_key)] id: String,";

fn of_struct(source: &str) -> Vec<u16> {
    codes(item(tokens(source)))
}

fn of(attributes: &str, fields: &str) -> Vec<u16> {
    of_struct(&format!("#[beldi(service = Hotel, table = \"rooms\")] {attributes} struct Room {{ {fields} }}"))
}

#[test]
fn shapes() {
    for shape in ["enum Room { A }", "struct Room(u8);", "struct Room;", "struct Room<T> { t: T }"] {
        assert_eq!(of_struct(&format!("#[beldi(service = Hotel, table = \"rooms\")] {shape}")), [25], "{shape}");
    }
}

#[test]
fn keys() {
    assert_eq!(of("", KEY), []);
    assert_eq!(of("", "#[beldi(partition_key)] id: String, #[beldi(sort_key)] at: u64"), []);
    assert_eq!(of("", "id: String"), [26]);
    assert_eq!(of("", "#[beldi(sort_key)] id: String"), [26]);
    assert_eq!(of("", "#[beldi(partition_key)] a: u8, #[beldi(partition_key)] b: u8"), [27]);
    assert_eq!(of("", "#[beldi(partition_key, sort_key)] a: u8"), [27]);
    assert_eq!(of("", "#[beldi(partition_key)] a: Option<u8>"), [28]);
    assert_eq!(of("", "#[beldi(partition_key)] a: u8, #[beldi(sort_key)] b: f64"), [28]);
    assert_eq!(of("", "#[beldi(partition_key)] #[serde(skip)] a: u8"), [31]);
    assert_eq!(of("", "#[beldi(partition_key)] #[serde(with = \"hex\")] a: u8"), [32]);
}

#[test]
fn options() {
    assert_eq!(of_struct("struct Room { #[beldi(partition_key)] id: u8 }"), [18, 18]);
    assert_eq!(of("#[beldi(tabel = \"x\")]", KEY), [19]);
    assert_eq!(of("#[beldi(table = \"again\")]", KEY), [20]);
    assert_eq!(of("#[beldi]", KEY), [21]);
    assert_eq!(of("", "#[beldi(partition_key = true)] id: String"), [21]);
    assert_eq!(of("", "#[beldi(primary_key)] id: String"), [19, 26]);
    assert_eq!(of_struct(&format!("#[beldi(service = Hotel, table = \"a!\")] struct Room {{ {KEY} }}")), [29]);
}

#[test]
fn indexes() {
    let index = |options: &str| {
        let fields = format!("{KEY} city: String, stars: u8, suite: bool");
        of(&format!("#[beldi(index{options})]"), &fields)
    };
    assert_eq!(index("(name = \"by_city\", partition_key = city, sort_key = stars)"), []);
    assert_eq!(index("(name = \"by_city\", partition_key = town)"), [30]);
    assert_eq!(index("(name = \"by city\", partition_key = city)"), [30]);
    assert_eq!(index("(name = \"city\", partition_key = city)"), [30]);
    assert_eq!(index("(partition_key = city)"), [18]);
    assert_eq!(index("(name = \"by_suite\", partition_key = suite)"), [28]);
    assert_eq!(index("(name = \"by_city\", partition_key = city, unique)"), [19]);
    assert_eq!(index(" = \"by_city\""), [21]);
}

#[test]
fn attributes() {
    let with = |field: &str| of("", &format!("{KEY} {field}"));
    assert_eq!(with("_beldi_log: u8"), [31]);
    assert_eq!(with("#[serde(rename = \"_beldi_log\")] log: u8"), [31]);
    assert_eq!(with("#[serde(rename = \"id\")] other: u8"), [31]);
    assert_eq!(with("#[serde(rename(serialize = \"a\", deserialize = \"b\"))] other: u8"), [31]);
    assert_eq!(with("#[serde(rename(serialize = \"a\", deserialize = \"a\"))] other: u8"), []);
    assert_eq!(with("#[serde(flatten)] other: Other"), [32]);
    assert_eq!(of("#[serde(transparent)]", KEY), [32]);
    assert_eq!(of("#[serde(from = \"Row\")]", KEY), [32]);
}

#[test]
fn names_are_those_of_serde() {
    let source = r#"
        #[beldi(service = Hotel, table = "rooms")]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct Room {
            #[beldi(partition_key)]
            hotel_id: String,
            #[serde(default, rename = "n")]
            pub night: u32,
            #[serde(skip)]
            cache: Cache,
            #[serde(with = "hex")]
            key: Vec<u8>,
        }
    "#;
    let expanded = text(&item(tokens(source)));
    assert!(expanded.contains("partition_key:\"hotelId\""), "{expanded}");
    assert!(expanded.contains("attributes:&[\"hotelId\",\"n\",\"key\"]"), "{expanded}");
    assert!(expanded.contains("pubconstNIGHT:::beldi::Field<Self,u32>=::beldi::Field::new(\"n\")"), "{expanded}");
    assert!(!expanded.contains("constKEY"), "{expanded}");
}
