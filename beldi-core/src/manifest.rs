//! The manifest: what a program declares, as data for deployment tools.
//!
//! Invariant: a manifest that [`Registry::manifest`] gives names every service, function and table once,
//! and every service has exactly one journal. The crate `beldi-build` checks the same when it reads one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::environment::Settings;
use crate::function::FunctionEntry;
use crate::registry::{Registry, at};
use crate::store::tables::{TableErrors, journal_name, schemas};
use crate::store::{IndexSchema, KeyAttribute, KeySchema, ScalarType, TableSchema};
use crate::world::millis;

/// The version of the format that this version of the library writes and reads.
pub const MANIFEST_VERSION: u32 = 1;

/// What a program declares: its services with their functions, and its tables.
///
/// Everything is in order of the names, so the manifests of two builds can be compared as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the format: [`MANIFEST_VERSION`].
    pub version: u32,
    /// How long one attempt of a function may live where the function does not say, in milliseconds.
    pub default_timeout_ms: u64,
    /// The services.
    pub services: Vec<ServiceManifest>,
    /// The tables of all services, journals included.
    pub tables: Vec<TableManifest>,
}

/// A service and its functions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceManifest {
    /// The name of the service.
    pub name: String,
    /// Where it is declared: the file and the line. Absent where only an item type names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Its functions.
    pub functions: Vec<FunctionManifest>,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionManifest {
    /// The name of the function, unique in its service.
    pub name: String,
    /// The names of its arguments, in order.
    pub arguments: Vec<String>,
    /// Its name, arguments and output as callers of other programs must declare them.
    pub signature: String,
    /// Whether it has no effect.
    pub read_only: bool,
    /// Whether it returns a `Result`.
    pub fallible: bool,
    /// How long one attempt may live, in milliseconds; absent where the host decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How long its results are kept, in milliseconds; absent where the host decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_ms: Option<u64>,
    /// Where it is declared: the file and the line.
    pub at: String,
}

/// A table and its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableManifest {
    /// The name of the table.
    pub name: String,
    /// The service that owns the table: nobody else touches it.
    pub owner: String,
    /// What the table holds.
    pub holds: Holds,
    /// The key of the table.
    pub key: KeyManifest,
    /// Its global secondary indexes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<IndexManifest>,
}

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// Items of the user's.
    Items,
    /// The journal of the service that owns the table.
    Journal,
}

/// The key of a table or an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyManifest {
    /// The partition key.
    pub partition: AttributeManifest,
    /// The sort key, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<AttributeManifest>,
}

/// An attribute of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeManifest {
    /// The name of the attribute.
    pub name: String,
    /// Its type, by DynamoDB's letter: `S`, `N` or `B`.
    #[serde(rename = "type", with = "Letter")]
    pub scalar_type: ScalarType,
}

/// A global secondary index. It holds all attributes of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexManifest {
    /// The name of the index, unique in its table.
    pub name: String,
    /// Its key.
    pub key: KeyManifest,
}

/// DynamoDB's letters for the types of keys.
#[derive(Serialize, Deserialize)]
#[serde(remote = "ScalarType")]
enum Letter {
    #[serde(rename = "S")]
    String,
    #[serde(rename = "N")]
    Number,
    #[serde(rename = "B")]
    Binary,
}

impl Registry {
    /// What the program declares, as data.
    ///
    /// # Errors
    ///
    /// Item types whose keys DynamoDB cannot hold, or that contradict each other.
    pub fn manifest(&self) -> Result<Manifest, TableErrors> {
        let owners: BTreeMap<_, _> = self.tables().map(|entry| (entry.table, entry.service)).collect();
        // A service may be known only by what it owns.
        let mut services: BTreeMap<&str, Vec<FunctionManifest>> = BTreeMap::new();
        services.extend(self.services().chain(owners.values().copied()).map(|name| (name, Vec::new())));
        for function in self.functions() {
            services.entry(function.service).or_default().push(FunctionManifest::of(function));
        }
        let schemas = schemas(self.tables(), services.keys().copied())?;
        let journals: BTreeMap<_, _> = services.keys().map(|name| (journal_name(name), *name)).collect();
        let tables = schemas.into_iter().map(|schema| match journals.get(&schema.name) {
            Some(owner) => TableManifest::of(schema, owner, Holds::Journal),
            None => {
                let owner = owners.get(schema.name.as_str()).expect("a table that is no journal is of an item type");
                TableManifest::of(schema, owner, Holds::Items)
            }
        });
        let tables = tables.collect();
        let services = services.into_iter().map(|(name, functions)| ServiceManifest {
            name: name.to_owned(),
            at: self.service(name).map(|service| at(service.file, service.line)),
            functions,
        });
        let default_timeout_ms = millis(Settings::default().timeout);
        Ok(Manifest { version: MANIFEST_VERSION, default_timeout_ms, services: services.collect(), tables })
    }
}

impl FunctionManifest {
    fn of(entry: &FunctionEntry) -> Self {
        Self {
            name: entry.name.to_owned(),
            arguments: entry.argument_names.iter().map(|name| (*name).to_owned()).collect(),
            signature: entry.signature.to_owned(),
            read_only: entry.read_only,
            fallible: entry.fallible,
            timeout_ms: entry.timeout.map(millis),
            retention_ms: entry.retention.map(millis),
            at: at(entry.file, entry.line),
        }
    }
}

impl TableManifest {
    fn of(schema: TableSchema, owner: &str, holds: Holds) -> Self {
        let indexes =
            schema.indexes.into_iter().map(|IndexSchema { name, key, .. }| IndexManifest { name, key: key.into() });
        let owner = owner.to_owned();
        Self { name: schema.name, owner, holds, key: schema.key.into(), indexes: indexes.collect() }
    }
}

impl KeyManifest {
    /// The attributes of the key, partition key first.
    pub fn attributes(&self) -> impl Iterator<Item = &AttributeManifest> {
        std::iter::once(&self.partition).chain(&self.sort)
    }
}

impl From<KeySchema> for KeyManifest {
    fn from(key: KeySchema) -> Self {
        Self { partition: key.partition.into(), sort: key.sort.map(Into::into) }
    }
}

impl From<KeyAttribute> for AttributeManifest {
    fn from(attribute: KeyAttribute) -> Self {
        Self { name: attribute.name, scalar_type: attribute.scalar_type }
    }
}
