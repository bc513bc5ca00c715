//! What a program declares is what a reader gets; what is wrong is named.

use std::time::Duration;

use beldi::Registry;
use beldi::prelude::*;
use beldi_build::{Holds, ManifestError, ManifestProblem, ScalarType, read, read_file};
use serde_json::{Value, json};

beldi::service!(
    /// Rents rooms.
    pub Hotel = "hotel"
);
beldi::service!(
    /// Has nothing of its own yet.
    pub Billing = "billing"
);

/// A room for one night.
#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Hotel, table = "rooms")]
#[beldi(index(name = "by_city", partition_key = city, sort_key = free))]
pub struct Room {
    /// The hotel.
    #[beldi(partition_key)]
    pub hotel: String,
    /// The night.
    #[beldi(sort_key)]
    pub night: u32,
    /// The city of the hotel.
    pub city: String,
    /// How many rooms are free.
    pub free: u32,
}

/// Takes a room.
#[beldi::function(service = Hotel, timeout = "5s", retention = "30d")]
pub async fn reserve(hotel: String, night: u32) -> bool {
    Room::update((&hotel, night)).add(Room::FREE, -1).when(Room::FREE.ge(1u32)).await.is_ok()
}

/// How many rooms are free.
#[beldi::function(service = Hotel, read_only)]
pub async fn free(hotel: String, night: u32) -> u32 {
    Room::get((&hotel, night)).await.map_or(0, |room| room.free)
}

fn written() -> Value {
    let manifest = Registry::collect().expect("sound declarations").manifest().expect("sound tables");
    serde_json::to_value(manifest).expect("a manifest is JSON")
}

fn problems(manifest: &Value) -> Vec<ManifestProblem> {
    match read(&manifest.to_string()) {
        Err(ManifestError::Contradictory(problems)) => problems.0,
        other => panic!("expected problems, not {other:?}"),
    }
}

#[test]
fn a_reader_gets_what_the_program_declares() {
    let manifest = read(&written().to_string()).expect("a sound manifest");
    assert_eq!(manifest, Registry::collect().expect("declarations").manifest().expect("tables"));

    let [billing, hotel] = manifest.services.as_slice() else { panic!("two services: {:?}", manifest.services) };
    assert_eq!((billing.name.as_str(), billing.functions.len()), ("billing", 0));
    let [free, reserve] = hotel.functions.as_slice() else { panic!("two functions: {:?}", hotel.functions) };
    assert_eq!((free.name.as_str(), free.read_only, free.timeout_ms), ("free", true, None));
    assert_eq!(reserve.arguments, ["hotel", "night"]);
    assert_eq!(reserve.timeout_ms, Some(Duration::from_secs(5).as_millis() as u64));

    let names: Vec<_> = manifest.tables.iter().map(|table| (table.name.as_str(), table.owner.as_str())).collect();
    assert_eq!(names, [("billing-journal", "billing"), ("hotel-journal", "hotel"), ("rooms", "hotel")]);
    let holds: Vec<_> = manifest.tables.iter().map(|table| table.holds).collect();
    assert_eq!(holds, [Holds::Journal, Holds::Journal, Holds::Items]);
    let index = &manifest.tables[2].indexes[0];
    assert_eq!((index.name.as_str(), index.key.partition.scalar_type), ("by_city", ScalarType::String));
    assert_eq!(index.key.sort.as_ref().map(|sort| sort.scalar_type), Some(ScalarType::Number));
}

#[test]
fn the_format_is_what_is_documented() {
    let expected = json!({
        "name": "rooms", "owner": "hotel", "holds": "items",
        "key": { "partition": { "name": "hotel", "type": "S" }, "sort": { "name": "night", "type": "N" } },
        "indexes": [
            {
                "name": "by_city",
                "key": { "partition": { "name": "city", "type": "S" }, "sort": { "name": "free", "type": "N" } }
            }
        ]
    });
    assert_eq!(written()["tables"][2], expected);
    let mut function = written()["services"][1]["functions"][1].take();
    let at = function["at"].take();
    assert!(at.as_str().is_some_and(|at| at.starts_with("beldi-build/tests/manifest.rs:")), "{at}");
    let reserve = json!({
        "name": "reserve", "arguments": ["hotel", "night"],
        "signature": "async fn reserve(hotel: String, night: u32) -> bool", "read_only": false, "fallible": false, "timeout_ms": 5000,
        "retention_ms": 2_592_000_000_u64, "at": null
    });
    assert_eq!(function, reserve);
    assert_eq!(written()["default_timeout_ms"], json!(30_000));
}

#[test]
fn what_is_no_manifest_is_refused_with_the_place() {
    let message = |json: &str| match read(json) {
        Err(error @ ManifestError::Malformed(_)) => error.to_string(),
        other => panic!("expected a malformed manifest, not {other:?}"),
    };
    assert!(message("{").starts_with("this is no manifest: EOF while parsing"));
    assert!(message("[]").starts_with("this is no manifest: "));
    assert!(message(r#"{"services": [], "tables": []}"#).contains("missing field `version`"));
    assert!(message(r#"{"version": 1, "default_timeout_ms": 1, "services": []}"#).contains("missing field `tables`"));
    assert!(message(r#"{"version": "1", "services": [], "tables": []}"#).contains("invalid type: string \"1\""));

    let mut unknown_field = written();
    unknown_field["services"][0]["region"] = json!("eu");
    assert!(
        message(&unknown_field.to_string())
            .contains("unknown field `region`, expected one of `name`, `at`, `functions`")
    );
    let mut unknown_type = written();
    unknown_type["tables"][2]["key"]["partition"]["type"] = json!("BOOL");
    assert!(message(&unknown_type.to_string()).contains("unknown variant `BOOL`, expected one of `S`, `N`, `B`"));
}

#[test]
fn another_version_is_told_before_its_new_fields() {
    let error = read(r#"{"version": 2, "regions": []}"#).expect_err("a later version");
    assert!(matches!(error, ManifestError::Version { found: 2 }));
    assert!(error.to_string().starts_with("the manifest has version 2, and this tool reads version 1"));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read_file("no/such/manifest.json").expect_err("no file");
    assert!(error.to_string().starts_with("the manifest `no/such/manifest.json` cannot be read: "), "{error}");
}

#[test]
fn names_that_are_there_twice_are_named() {
    let mut manifest = written();
    let services = manifest["services"].as_array_mut().expect("services");
    services[1]["functions"][0]["arguments"] = json!(["hotel", "hotel", "hotel"]);
    let reserve = services[1]["functions"][1].clone();
    services[1]["functions"].as_array_mut().expect("functions").push(reserve);
    services.push(json!({ "name": "billing", "functions": [] }));
    let tables = manifest["tables"].as_array_mut().expect("tables");
    let index = tables[2]["indexes"][0].clone();
    tables[2]["indexes"].as_array_mut().expect("indexes").push(index);
    let rooms = tables[2].clone();
    tables.push(rooms);

    let text = |text: &str| text.to_owned();
    let (service, table) = (text("hotel"), text("rooms"));
    let duplicate_index = ManifestProblem::DuplicateIndex { table, name: text("by_city") };
    assert_eq!(
        problems(&manifest),
        [
            ManifestProblem::DuplicateService { name: text("billing") },
            ManifestProblem::DuplicateFunction { service: service.clone(), name: text("reserve") },
            ManifestProblem::DuplicateArgument { service, function: text("free"), name: text("hotel") },
            ManifestProblem::DuplicateTable { name: text("rooms") },
            duplicate_index.clone(),
            duplicate_index,
        ]
    );
}

#[test]
fn tables_have_owners_and_services_one_journal() {
    let mut manifest = written();
    manifest["tables"][0]["owner"] = json!("hotel");
    manifest["tables"][2]["owner"] = json!("motel");
    let text = |text: &str| text.to_owned();
    let (first, second) = (text("billing-journal"), text("hotel-journal"));
    assert_eq!(
        problems(&manifest),
        [
            ManifestProblem::SecondJournal { service: text("hotel"), first, second },
            ManifestProblem::UnknownOwner { table: text("rooms"), owner: text("motel") },
            ManifestProblem::NoJournal { service: text("billing") },
        ]
    );
    let message = read(&manifest.to_string()).expect_err("problems").to_string();
    assert!(
        message.starts_with("3 problems in the manifest:\n- the service `hotel` has two journal tables"),
        "{message}"
    );
}

#[test]
fn names_times_and_keys_that_cannot_be_are_refused() {
    let mut manifest = written();
    manifest["services"][1]["functions"][1]["timeout_ms"] = json!(900_001);
    manifest["services"].as_array_mut().expect("services").push(json!({ "name": "Motel", "functions": [] }));
    let tables = manifest["tables"].as_array_mut().expect("tables");
    let mut journal = tables[0].clone();
    journal["name"] = json!("motel journal");
    journal["owner"] = json!("Motel");
    tables.push(journal);
    tables[2]["key"]["sort"] = json!({ "name": "hotel", "type": "S" });
    tables[2]["indexes"][0]["key"]["sort"] = json!({ "name": "hotel", "type": "B" });
    let text = |text: &str| text.to_owned();
    assert_eq!(
        problems(&manifest),
        [
            ManifestProblem::ServiceName { name: text("Motel") },
            ManifestProblem::Timeout { service: text("hotel"), function: text("reserve"), timeout_ms: 900_001 },
            ManifestProblem::KeyTwice { table: text("rooms"), attribute: text("hotel") },
            ManifestProblem::AttributeTypes { table: text("rooms"), attribute: text("hotel") },
            ManifestProblem::TableName { name: text("motel journal") },
        ]
    );
}
