//! What tables look like: keys and global secondary indexes.

use std::collections::BTreeMap;
use std::fmt;

use crate::key::ScalarType;

/// An attribute of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttribute {
    /// The name of the attribute.
    pub name: String,
    /// Its type.
    pub scalar_type: ScalarType,
}

/// A partition key and perhaps a sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySchema {
    /// The partition key.
    pub partition: KeyAttribute,
    /// The sort key.
    pub sort: Option<KeyAttribute>,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexSchema {
    /// The name of the index.
    pub name: String,
    /// Its key.
    pub key: KeySchema,
    /// Whether the index holds all attributes of an item. Only such indexes are created; one that an
    /// existing table has may hold fewer.
    pub projects_all: bool,
}

/// A table: its key and its global secondary indexes. Billing is on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSchema {
    /// The name of the table.
    pub name: String,
    /// Its key.
    pub key: KeySchema,
    /// Its indexes.
    pub indexes: Vec<IndexSchema>,
    /// The attribute with the second after which the store removes an item, where the store can. It is set up when
    /// the table is created; nothing that describes a table tells it.
    pub expires: Option<String>,
}

impl KeyAttribute {
    /// The attribute `name` of type `scalar_type`.
    pub fn new(name: impl Into<String>, scalar_type: ScalarType) -> Self {
        Self { name: name.into(), scalar_type }
    }
}

impl KeySchema {
    /// The attributes of the key, partition key first.
    pub fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        std::iter::once(&self.partition).chain(&self.sort)
    }
}

impl IndexSchema {
    /// An index called `name` that holds all attributes.
    pub fn new(name: impl Into<String>, partition: KeyAttribute, sort: Option<KeyAttribute>) -> Self {
        Self { name: name.into(), key: KeySchema { partition, sort }, projects_all: true }
    }
}

impl TableSchema {
    /// A table called `name` without indexes.
    ///
    /// ```
    /// use beldi_core::store::{IndexSchema, KeyAttribute, ScalarType, TableSchema};
    ///
    /// let night = KeyAttribute::new("night", ScalarType::Number);
    /// let schema = TableSchema::new("rooms", KeyAttribute::new("hotel", ScalarType::String), Some(night))
    ///     .with_index(IndexSchema::new("by_city", KeyAttribute::new("city", ScalarType::String), None));
    /// assert_eq!(schema.key.to_string(), "`hotel` (S), `night` (N)");
    /// ```
    pub fn new(name: impl Into<String>, partition: KeyAttribute, sort: Option<KeyAttribute>) -> Self {
        Self { name: name.into(), key: KeySchema { partition, sort }, indexes: Vec::new(), expires: None }
    }

    /// The same table with one index more.
    #[must_use]
    pub fn with_index(mut self, index: IndexSchema) -> Self {
        self.indexes.push(index);
        self
    }

    /// The same table, whose items expire after the second that this attribute names.
    #[must_use]
    pub fn expiring_by(mut self, attribute: impl Into<String>) -> Self {
        self.expires = Some(attribute.into());
        self
    }

    /// The type of each attribute that is part of a key, as `CreateTable` wants them listed.
    pub fn key_attributes(&self) -> BTreeMap<&str, ScalarType> {
        std::iter::once(&self.key)
            .chain(self.indexes.iter().map(|index| &index.key))
            .flat_map(KeySchema::attributes)
            .map(|attribute| (attribute.name.as_str(), attribute.scalar_type))
            .collect()
    }
}

impl fmt::Display for KeyAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.scalar_type {
            ScalarType::String => 'S',
            ScalarType::Number => 'N',
            ScalarType::Binary => 'B',
        };
        write!(f, "`{}` ({letter})", self.name)
    }
}

impl fmt::Display for KeySchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.partition)?;
        match &self.sort {
            Some(sort) => write!(f, ", {sort}"),
            None => Ok(()),
        }
    }
}
