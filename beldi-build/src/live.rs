//! Tables as they are in an account, compared with what the program needs.
//!
//! What is compared is what the AWS CLI prints: `describe-table`, `describe-time-to-live` and
//! `describe-continuous-backups`. Further indexes and other settings are nobody's business here.

use std::collections::BTreeMap;
use std::fmt;

use beldi_core::store::tables::JOURNAL_EXPIRES;
use serde::Deserialize;

use crate::{Holds, KeyManifest, ScalarType, TableManifest};

/// A way in which a table differs from what the program needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Difference {
    /// There is no such table.
    #[error("it does not exist: deploy the program, or create it with the key {expected}")]
    Missing {
        /// The key that it must have.
        expected: String,
    },
    /// The table has another key, which nothing can change.
    #[error("its key is {found} and must be {expected}: give the table another name in the program, or move its items")]
    Key {
        /// The key that it must have.
        expected: String,
        /// The key that it has.
        found: String,
    },
    /// An index is missing.
    #[error("it has no index `{index}` with the key {expected}: add it")]
    IndexMissing {
        /// The index.
        index: String,
        /// The key that it must have.
        expected: String,
    },
    /// An index has another key.
    #[error("the key of its index `{index}` is {found} and must be {expected}: delete the index and add it again")]
    IndexKey {
        /// The index.
        index: String,
        /// The key that it must have.
        expected: String,
        /// The key that it has.
        found: String,
    },
    /// An index holds a part of the attributes.
    #[error("its index `{index}` does not hold all attributes: delete it and add it with the projection ALL")]
    IndexProjection {
        /// The index.
        index: String,
    },
    /// Items of a journal would stay for ever.
    #[error(
        "items do not expire by `{attribute}`: turn it on with `aws dynamodb update-time-to-live --table-name {table} --time-to-live-specification Enabled=true,AttributeName={attribute}`"
    )]
    NotExpiring {
        /// The table.
        table: String,
        /// The attribute.
        attribute: &'static str,
    },
    /// What is lost is lost.
    #[error(
        "it cannot be restored to a point in time: turn it on with `aws dynamodb update-continuous-backups --table-name {table} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`"
    )]
    NotRestorable {
        /// The table.
        table: String,
    },
}

/// What `aws dynamodb describe-table` says of a table, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribedTable {
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<Element>,
    #[serde(default)]
    global_secondary_indexes: Vec<Index>,
    #[serde(default)]
    local_secondary_indexes: Vec<Index>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Element {
    attribute_name: String,
    key_type: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Index {
    index_name: String,
    key_schema: Vec<Element>,
    projection: Projection,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Projection {
    projection_type: String,
}

/// A table in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveTable {
    /// Its key and its indexes; nothing if there is no such table.
    pub described: Option<DescribedTable>,
    /// The attribute by which items expire, if they do.
    pub expires: Option<String>,
    /// Whether it can be restored to a point in time; nothing where that cannot be told.
    pub restorable: Option<bool>,
}

impl LiveTable {
    /// How the table differs from what a program needs. An adopted one need not be restorable: it is its owner's.
    ///
    /// ```
    /// use beldi_build::{Difference, LiveTable};
    /// # let manifest = beldi_build::read(r#"{ "version": 1, "default_timeout_ms": 1, "services": [{ "name": "a",
    /// #   "functions": [] }], "tables": [{ "name": "a-journal", "owner": "a", "holds": "journal",
    /// #   "key": { "partition": { "name": "instance", "type": "S" } } }] }"#)?;
    ///
    /// let nowhere = LiveTable { described: None, expires: None, restorable: None };
    /// let differences = nowhere.differs(&manifest.tables[0], false);
    /// assert_eq!(differences, [Difference::Missing { expected: "`instance` (S)".into() }]);
    /// # Ok::<(), beldi_build::ManifestError>(())
    /// ```
    pub fn differs(&self, table: &TableManifest, adopted: bool) -> Vec<Difference> {
        let Some(described) = &self.described else {
            return vec![Difference::Missing { expected: Key::of(&table.key).to_string() }];
        };
        let mut differences = described.differs(table);
        let name = || table.name.clone();
        if table.holds == Holds::Journal && self.expires.as_deref() != Some(JOURNAL_EXPIRES) {
            differences.push(Difference::NotExpiring { table: name(), attribute: JOURNAL_EXPIRES });
        }
        if self.restorable == Some(false) && !adopted {
            differences.push(Difference::NotRestorable { table: name() });
        }
        differences
    }
}

impl DescribedTable {
    fn differs(&self, table: &TableManifest) -> Vec<Difference> {
        let mut differences = Vec::new();
        let (expected, found) = (Key::of(&table.key), self.key(&self.key_schema));
        if expected != found {
            differences.push(Difference::Key { expected: expected.to_string(), found: found.to_string() });
        }
        for declared in &table.indexes {
            let index = declared.name.clone();
            let expected = Key::of(&declared.key);
            let mut indexes = self.global_secondary_indexes.iter().chain(&self.local_secondary_indexes);
            let Some(found) = indexes.find(|found| found.index_name == index) else {
                differences.push(Difference::IndexMissing { index, expected: expected.to_string() });
                continue;
            };
            let key = self.key(&found.key_schema);
            if key != expected {
                let (expected, found) = (expected.to_string(), key.to_string());
                differences.push(Difference::IndexKey { index, expected, found });
            } else if found.projection.projection_type != "ALL" {
                differences.push(Difference::IndexProjection { index });
            }
        }
        differences
    }

    fn key(&self, elements: &[Element]) -> Key {
        let types: BTreeMap<_, _> =
            self.attribute_definitions.iter().map(|of| (&of.attribute_name, &of.attribute_type)).collect();
        // DynamoDB says in no order which is which.
        let of_type = |key_type: &'static str| elements.iter().filter(move |element| element.key_type == key_type);
        let attribute = |element: &Element| {
            let name = element.attribute_name.clone();
            let letter = types.get(&name).map_or_else(|| "?".to_owned(), |letter| (*letter).clone());
            (name, letter)
        };
        Key(["HASH", "RANGE"].into_iter().flat_map(of_type).map(attribute).collect())
    }
}

/// The attributes of a key, each with DynamoDB's letter for its type.
#[derive(PartialEq, Eq)]
struct Key(Vec<(String, String)>);

impl Key {
    fn of(key: &KeyManifest) -> Self {
        let letter = |scalar_type| match scalar_type {
            ScalarType::String => "S",
            ScalarType::Number => "N",
            ScalarType::Binary => "B",
        };
        Self(key.attributes().map(|of| (of.name.clone(), letter(of.scalar_type).to_owned())).collect())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attributes: Vec<_> = self.0.iter().map(|(name, letter)| format!("`{name}` ({letter})")).collect();
        f.write_str(&attributes.join(", "))
    }
}
