//! The table schemas that a program declares: those of its item types, and one journal for each service.

use std::collections::BTreeSet;

use super::{TableError, TableErrors};
use crate::item::TableEntry;
use crate::key::{KeyTypes, ScalarType};
use crate::store::{IndexSchema, KeyAttribute, KeySchema, TableSchema};

/// The partition key of a journal: the instance.
pub const JOURNAL_INSTANCE: &str = "instance";
/// The sort key of a journal: the number of the record.
pub const JOURNAL_RECORD: &str = "record";
/// The sparse index of a journal over the instances that are not done.
pub const JOURNAL_INDEX: &str = "due";
/// The partition key of that index.
pub const JOURNAL_SHARD: &str = "shard";
/// The sort key of that index.
pub const JOURNAL_DUE: &str = "due";

/// The sparse index of a journal over what the garbage collector may reclaim one day.
pub const JOURNAL_RECLAIM_INDEX: &str = "reclaim";
/// The partition key of that index: a class of garbage, and a shard.
pub const JOURNAL_RECLAIM: &str = "reclaim";
/// The sort key of that index, in milliseconds since 1970.
pub const JOURNAL_RECLAIM_FROM: &str = "reclaim_from";
/// The second after which a store that can removes an item of a journal.
pub const JOURNAL_EXPIRES: &str = "expires";

/// The name of the journal table of a service.
pub fn journal_name(service: &str) -> String {
    format!("{service}-journal")
}

/// The journal table of a service.
pub fn journal(service: &str) -> TableSchema {
    let instance = KeyAttribute::new(JOURNAL_INSTANCE, ScalarType::String);
    let record = KeyAttribute::new(JOURNAL_RECORD, ScalarType::Number);
    let shard = KeyAttribute::new(JOURNAL_SHARD, ScalarType::String);
    let due = KeyAttribute::new(JOURNAL_DUE, ScalarType::Number);
    let reclaim = KeyAttribute::new(JOURNAL_RECLAIM, ScalarType::String);
    let reclaim_from = KeyAttribute::new(JOURNAL_RECLAIM_FROM, ScalarType::Number);
    TableSchema::new(journal_name(service), instance, Some(record))
        .with_index(IndexSchema::new(JOURNAL_INDEX, shard, Some(due)))
        .with_index(IndexSchema::new(JOURNAL_RECLAIM_INDEX, reclaim, Some(reclaim_from)))
        .expiring_by(JOURNAL_EXPIRES)
}

/// The tables of the registered item types and the journals of `services` and of the services that own
/// an item type, in order of their names. Item types of one service may share a table if they agree on
/// its key; it then has the indexes of all of them.
///
/// # Errors
///
/// Key fields of types that DynamoDB has no key for, and declarations of one table that contradict each
/// other or claim it for two services.
pub fn schemas<'a>(
    entries: impl IntoIterator<Item = &'a TableEntry>,
    services: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<TableSchema>, TableErrors> {
    let mut entries: Vec<_> = entries.into_iter().collect();
    // `inventory` collects in no order; errors and tables are to come in the same one in every run.
    entries.sort_by_key(|entry| (entry.table, entry.service, entry.item, entry.file, entry.line));
    let owners = entries.iter().map(|entry| entry.service);
    let services: BTreeSet<_> = services.into_iter().chain(owners).collect();

    let mut declared =
        Declared { tables: services.iter().map(|service| Table::journal(service)).collect(), problems: Vec::new() };
    for entry in entries {
        declared.add(entry);
    }
    declared.check_attribute_types();
    TableErrors::unless_empty(declared.problems)?;
    let mut schemas: Vec<_> = declared.tables.into_iter().map(|table| table.schema).collect();
    schemas.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schemas)
}

struct Declared {
    tables: Vec<Table>,
    problems: Vec<TableError>,
}

/// A table and who declared it.
struct Table {
    schema: TableSchema,
    service: String,
    by: String,
}

impl Table {
    fn journal(service: &str) -> Self {
        Self { schema: journal(service), service: format!("the journal of `{service}`"), by: "the protocol".to_owned() }
    }
}

impl Declared {
    fn add(&mut self, entry: &TableEntry) {
        let Some(schema) = self.schema(entry) else { return };
        let (service, by) = (format!("`{}`", entry.service), format!("`{}` ({})", entry.item, place(entry)));
        let Some(table) = self.tables.iter_mut().find(|table| table.schema.name == schema.name) else {
            self.tables.push(Table { schema, service, by });
            return;
        };
        let mut contradict = |first: String, second: String| {
            self.problems.push(TableError::Contradiction { table: schema.name.clone(), first, second });
        };
        if table.service != service {
            contradict(format!("{} says that it belongs to {}", table.by, table.service), format!("{by} to {service}"));
            return;
        }
        if table.schema.key != schema.key {
            contradict(
                format!("{} has the key {}", table.by, table.schema.key),
                format!("{by} the key {}", schema.key),
            );
            return;
        }
        for index in schema.indexes {
            match table.schema.indexes.iter().find(|known| known.name == index.name) {
                None => table.schema.indexes.push(index),
                Some(known) if *known == index => {}
                Some(known) => contradict(
                    format!("{} has an index `{}` with the key {}", table.by, known.name, known.key),
                    format!("{by} one with the key {}", index.key),
                ),
            }
        }
    }

    fn schema(&mut self, entry: &TableEntry) -> Option<TableSchema> {
        let key = self.key(entry, entry.schema.partition_key, entry.schema.sort_key, (entry.key_types)());
        let indexes: Vec<_> = entry
            .indexes
            .iter()
            .map(|index| {
                let key = self.key(entry, index.partition_key, index.sort_key, (index.key_types)())?;
                Some(IndexSchema::new(index.name, key.partition, key.sort))
            })
            .collect();
        let indexes = indexes.into_iter().collect::<Option<Vec<_>>>()?;
        Some(TableSchema { name: entry.table.to_owned(), key: key?, indexes, expires: None })
    }

    fn key(&mut self, entry: &TableEntry, partition: &str, sort: Option<&str>, types: KeyTypes) -> Option<KeySchema> {
        let mut attribute = |name: &str, scalar_type| match scalar_type {
            Ok(scalar_type) => Some(KeyAttribute::new(name, scalar_type)),
            Err(error) => {
                let table = entry.table.to_owned();
                self.problems.push(TableError::KeyType { table, item: entry.item, place: place(entry), error });
                None
            }
        };
        let partition = attribute(partition, types.partition);
        let sort = sort.map(|name| attribute(name, types.sort));
        Some(KeySchema {
            partition: partition?,
            sort: match sort {
                Some(sort) => Some(sort?),
                None => None,
            },
        })
    }

    /// An attribute has one type in all keys of a table. DynamoDB could not even be told otherwise.
    fn check_attribute_types(&mut self) {
        for Table { schema, .. } in &self.tables {
            let types = schema.key_attributes();
            let keys = std::iter::once(&schema.key).chain(schema.indexes.iter().map(|index| &index.key));
            for attribute in keys.flat_map(KeySchema::attributes) {
                let other = types[attribute.name.as_str()];
                if other != attribute.scalar_type {
                    self.problems.push(TableError::Contradiction {
                        table: schema.name.clone(),
                        first: format!("one key has {attribute}"),
                        second: format!("another {}", KeyAttribute::new(attribute.name.as_str(), other)),
                    });
                }
            }
        }
    }
}

fn place(entry: &TableEntry) -> String {
    format!("{}:{}", entry.file, entry.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{IndexEntry, ItemSchema};

    const ROOM: TableEntry = TableEntry {
        service: "hotel",
        table: "rooms",
        item: "Room",
        schema: ItemSchema { partition_key: "hotel", sort_key: Some("night"), attributes: &["hotel", "night", "city"] },
        key_types: KeyTypes::of::<String, u32>,
        indexes: &[BY_CITY],
        file: "src/hotel.rs",
        line: 7,
    };
    const BY_CITY: IndexEntry =
        IndexEntry { name: "by_city", partition_key: "city", sort_key: None, key_types: KeyTypes::of::<String, ()> };
    const BY_CITY_NUMBER: IndexEntry = IndexEntry { key_types: KeyTypes::of::<u32, ()>, ..BY_CITY };

    fn text(declared: Result<Vec<TableSchema>, TableErrors>) -> String {
        declared.expect_err("contradictions").to_string()
    }

    #[test]
    fn item_types_and_services_give_tables() {
        let schemas = schemas([&ROOM], ["billing"]).expect("sound declarations");
        let names: Vec<_> = schemas.iter().map(|schema| schema.name.as_str()).collect();
        assert_eq!(names, ["billing-journal", "hotel-journal", "rooms"]);
        assert_eq!(schemas[2].key.to_string(), "`hotel` (S), `night` (N)");
        assert_eq!(schemas[2].indexes[0].key.to_string(), "`city` (S)");
        assert_eq!(schemas[0].key.to_string(), "`instance` (S), `record` (N)");
        assert_eq!(schemas[0].indexes[0].key.to_string(), "`shard` (S), `due` (N)");
    }

    #[test]
    fn item_types_that_agree_share_a_table() {
        let by_night =
            IndexEntry { name: "by_night", partition_key: "night", key_types: KeyTypes::of::<u32, ()>, ..BY_CITY };
        let indexes: &'static [IndexEntry] = Box::leak(Box::new([by_night, BY_CITY]));
        let suite = TableEntry { item: "Suite", indexes, ..ROOM };
        let schemas = schemas([&suite, &ROOM], []).expect("sound declarations");
        let indexes: Vec<_> = schemas[1].indexes.iter().map(|index| index.name.as_str()).collect();
        assert_eq!(indexes, ["by_city", "by_night"]);
    }

    #[test]
    fn contradictions_name_both_declarations() {
        let other_service = TableEntry { service: "travel", item: "Trip", ..ROOM };
        let message = text(schemas([&ROOM, &other_service], []));
        assert_eq!(
            message,
            "the declarations of table `rooms` contradict each other: `Room` (src/hotel.rs:7) says that it belongs to \
             `hotel`, but `Trip` (src/hotel.rs:7) to `travel`"
        );
        let other_key = TableEntry { item: "Suite", key_types: KeyTypes::of::<String, String>, ..ROOM };
        assert!(text(schemas([&ROOM, &other_key], [])).contains("has the key `hotel` (S), `night` (N), but `Suite`"));
        let other_index = TableEntry { item: "Suite", indexes: &[BY_CITY_NUMBER], ..ROOM };
        assert!(
            text(schemas([&ROOM, &other_index], [])).contains("index `by_city` with the key `city` (S), but `Suite`")
        );
        let journal = TableEntry { table: "hotel-journal", ..ROOM };
        assert!(text(schemas([&journal], [])).contains("belongs to the journal of `hotel`"));
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let boolean = TableEntry { item: "Lamp", table: "lamps", key_types: KeyTypes::of::<bool, Option<u32>>, ..ROOM };
        const TWO_TYPES: IndexEntry = IndexEntry { partition_key: "night", ..BY_CITY };
        let two_types = TableEntry { indexes: &[TWO_TYPES], ..ROOM };
        let message = text(schemas([&boolean, &two_types], []));
        assert!(message.starts_with("3 problems with tables:"), "{message}");
        assert!(message.contains("the item type `Lamp` of table `lamps` (src/hotel.rs:7): `bool` cannot be a key"));
        assert!(message.contains("it is optional"));
        assert!(
            message.contains("table `rooms` contradict each other: one key has `night` (N), but another `night` (S)")
        );
    }
}
