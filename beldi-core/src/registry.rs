//! What a program declares: its services, functions and tables, collected at link time.
//!
//! Invariant: one name is one service or one function. A registry that would answer a name twice, or that is
//! empty, is refused before anything runs.

use std::collections::BTreeMap;

use crate::function::FunctionEntry;
use crate::item::TableEntry;
use crate::service::Service;

/// A registered service. Made by `beldi::service!`, collected through `inventory`.
#[derive(Debug, Clone, Copy)]
pub struct ServiceEntry {
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl ServiceEntry {
    /// The entry of service `S`, declared at `file` and `line`.
    pub const fn of<S: Service>(file: &'static str, line: u32) -> Self {
        Self { name: S::NAME, file, line }
    }
}

inventory::collect!(ServiceEntry);

/// All services, functions and tables of a program.
pub struct Registry {
    services: BTreeMap<&'static str, &'static ServiceEntry>,
    functions: BTreeMap<(&'static str, &'static str), &'static FunctionEntry>,
    tables: Vec<&'static TableEntry>,
}

/// A program declares something twice, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// There is no `#[beldi::function]` in the program.
    #[error(
        "no function is registered: declare one with `#[beldi::function(service = ..)]` in this program or a crate that it uses"
    )]
    Empty,
    /// Two services have one name.
    #[error("the service `{name}` is declared twice, at {first} and at {second}: rename one")]
    Service {
        /// The name.
        name: &'static str,
        /// Where it is declared.
        first: String,
        /// Where it is declared again.
        second: String,
    },
    /// Two functions of a service have one name.
    #[error("the function `{service}/{name}` is declared twice, at {first} and at {second}: rename one")]
    Function {
        /// The service.
        service: &'static str,
        /// The name.
        name: &'static str,
        /// Where it is declared.
        first: String,
        /// Where it is declared again.
        second: String,
    },
    /// A table has the name of a journal.
    #[error("the table `{name}`, declared at {at}, has the name of a journal table: rename it")]
    Journal {
        /// The name.
        name: &'static str,
        /// Where it is declared.
        at: String,
    },
}

impl Registry {
    /// What this program has declared, or every mistake in it.
    pub fn collect() -> Result<Self, Vec<RegistryError>> {
        Self::build(
            inventory::iter::<ServiceEntry>(),
            inventory::iter::<FunctionEntry>(),
            inventory::iter::<TableEntry>(),
        )
    }

    fn build(
        services: impl IntoIterator<Item = &'static ServiceEntry>,
        functions: impl IntoIterator<Item = &'static FunctionEntry>,
        tables: impl IntoIterator<Item = &'static TableEntry>,
    ) -> Result<Self, Vec<RegistryError>> {
        let mut registry =
            Self { services: BTreeMap::new(), functions: BTreeMap::new(), tables: tables.into_iter().collect() };
        let mut errors = Vec::new();
        for entry in services {
            if let Some(first) = registry.services.insert(entry.name, entry) {
                let (first, second) = (at(first.file, first.line), at(entry.file, entry.line));
                errors.push(RegistryError::Service { name: entry.name, first, second });
            }
        }
        for entry in functions {
            if let Some(first) = registry.functions.insert((entry.service, entry.name), entry) {
                let (first, second) = (at(first.file, first.line), at(entry.file, entry.line));
                errors.push(RegistryError::Function { service: entry.service, name: entry.name, first, second });
            }
        }
        let journals: Vec<_> = registry.services.keys().map(|name| crate::environment::journal_table(name)).collect();
        let clashes = registry.tables.iter().filter(|table| journals.iter().any(|journal| journal == table.table));
        errors
            .extend(clashes.map(|table| RegistryError::Journal { name: table.table, at: at(table.file, table.line) }));
        if registry.functions.is_empty() {
            errors.push(RegistryError::Empty);
        }
        if errors.is_empty() { Ok(registry) } else { Err(errors) }
    }

    /// A function by the names of its service and its own.
    pub fn function(&self, service: &str, name: &str) -> Option<&'static FunctionEntry> {
        self.functions
            .range((service, name)..)
            .next()
            .filter(|(key, _)| **key == (service, name))
            .map(|(_, entry)| *entry)
    }

    /// The names of all services.
    pub fn services(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.services.keys().copied()
    }

    /// A service by its name.
    pub(crate) fn service(&self, name: &str) -> Option<&'static ServiceEntry> {
        self.services.get(name).copied()
    }

    /// All functions, by service and name.
    pub fn functions(&self) -> impl Iterator<Item = &'static FunctionEntry> + '_ {
        self.functions.values().copied()
    }

    /// All item types and their tables, in no order. Item types of one service may share a table.
    pub fn tables(&self) -> impl Iterator<Item = &'static TableEntry> + '_ {
        self.tables.iter().copied()
    }
}

pub(crate) fn at(file: &str, line: u32) -> String {
    format!("{file}:{line}")
}
