//! What must hold in a manifest beyond its form.
//!
//! Nothing here stops at the first problem.

use std::collections::{BTreeMap, BTreeSet};

use beldi_core::manifest::{FunctionManifest, Holds, KeyManifest, Manifest, ServiceManifest, TableManifest};

use crate::error::{ManifestProblem, ManifestProblems};

/// AWS Lambda ends each invocation after 15 minutes.
pub(crate) const MAX_TIMEOUT_MS: u64 = 15 * 60 * 1000;

/// Finds everything in a manifest that contradicts something else in it.
pub(crate) fn check(manifest: &Manifest) -> Result<(), ManifestProblems> {
    let mut problems = Vec::new();
    check_services(&manifest.services, &mut problems);
    check_tables(&manifest.tables, &mut problems);
    check_owners(manifest, &mut problems);
    if problems.is_empty() { Ok(()) } else { Err(ManifestProblems(problems)) }
}

fn check_services(services: &[ServiceManifest], problems: &mut Vec<ManifestProblem>) {
    for service in services.iter().filter(|service| !is_service_name(&service.name)) {
        problems.push(ManifestProblem::ServiceName { name: service.name.clone() });
    }
    for name in repeated(services.iter().map(|service| &service.name)) {
        problems.push(ManifestProblem::DuplicateService { name });
    }
    for ServiceManifest { name: service, functions, .. } in services {
        for name in repeated(functions.iter().map(|function| &function.name)) {
            problems.push(ManifestProblem::DuplicateFunction { service: service.clone(), name });
        }
        functions.iter().for_each(|function| check_function(service, function, problems));
    }
}

fn check_function(service: &str, function: &FunctionManifest, problems: &mut Vec<ManifestProblem>) {
    for name in repeated(&function.arguments) {
        let (service, function) = (service.to_owned(), function.name.clone());
        problems.push(ManifestProblem::DuplicateArgument { service, function, name });
    }
    if let Some(timeout_ms) = function.timeout_ms.filter(|timeout_ms| !(1..=MAX_TIMEOUT_MS).contains(timeout_ms)) {
        let (service, function) = (service.to_owned(), function.name.clone());
        problems.push(ManifestProblem::Timeout { service, function, timeout_ms });
    }
}

fn check_tables(tables: &[TableManifest], problems: &mut Vec<ManifestProblem>) {
    for name in repeated(tables.iter().map(|table| &table.name)) {
        problems.push(ManifestProblem::DuplicateTable { name });
    }
    for table in tables {
        let names = std::iter::once(&table.name).chain(table.indexes.iter().map(|index| &index.name));
        for name in names.filter(|name| !is_table_name(name)) {
            problems.push(ManifestProblem::TableName { name: name.clone() });
        }
        for name in repeated(table.indexes.iter().map(|index| &index.name)) {
            problems.push(ManifestProblem::DuplicateIndex { table: table.name.clone(), name });
        }
        check_keys(table, problems);
    }
}

/// An attribute has one type in all keys of a table, and one role in each.
fn check_keys(table: &TableManifest, problems: &mut Vec<ManifestProblem>) {
    let keys = || std::iter::once(&table.key).chain(table.indexes.iter().map(|index| &index.key));
    for key in keys() {
        if key.sort.as_ref().is_some_and(|sort| sort.name == key.partition.name) {
            let attribute = key.partition.name.clone();
            problems.push(ManifestProblem::KeyTwice { table: table.name.clone(), attribute });
        }
    }
    let mut types = BTreeMap::new();
    let mut contradictions = BTreeSet::new();
    for attribute in keys().flat_map(KeyManifest::attributes) {
        if *types.entry(&attribute.name).or_insert(attribute.scalar_type) != attribute.scalar_type {
            contradictions.insert(attribute.name.clone());
        }
    }
    for attribute in contradictions {
        problems.push(ManifestProblem::AttributeTypes { table: table.name.clone(), attribute });
    }
}

/// Every table has an owner, and every service one journal.
fn check_owners(manifest: &Manifest, problems: &mut Vec<ManifestProblem>) {
    let services: BTreeSet<_> = manifest.services.iter().map(|service| &service.name).collect();
    let mut journals = BTreeMap::new();
    for TableManifest { name: table, owner, holds, .. } in &manifest.tables {
        if !services.contains(owner) {
            problems.push(ManifestProblem::UnknownOwner { table: table.clone(), owner: owner.clone() });
        }
        if *holds == Holds::Journal
            && let Some(first) = journals.insert(owner, table)
        {
            let (service, first, second) = (owner.clone(), first.clone(), table.clone());
            problems.push(ManifestProblem::SecondJournal { service, first, second });
        }
    }
    for service in services.into_iter().filter(|service| !journals.contains_key(service)) {
        problems.push(ManifestProblem::NoJournal { service: service.clone() });
    }
}

/// The names that are there more than once, each once.
fn repeated<'a>(names: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    names.into_iter().filter(|name| !seen.insert(*name)).cloned().collect()
}

fn is_service_name(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_table_name(name: &str) -> bool {
    (3..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}
