//! From what a program declares, what its binary says and what its settings want, to a plan.
//!
//! Nothing here stops at the first problem.

use std::collections::{BTreeMap, BTreeSet};

use super::{Architecture, Graph, Plan, PlanError, PlanProblem, ServicePlan, TablePlan};
use crate::template::logical_id;
use crate::{Manifest, Program, ServiceManifest, Settings};

/// AWS Lambda ends each invocation after 15 minutes.
const MAX_TIMEOUT_S: u64 = 15 * 60;
/// An attempt ends itself at its deadline; this is how long it may need to say so.
const TIMEOUT_MARGIN_S: u64 = 5;
/// The longest name of a Lambda function.
const MAX_FUNCTION_NAME: usize = 64;

impl Plan {
    /// The plan for a program.
    ///
    /// ```
    /// use beldi_build::{Architecture, Plan, Program, Settings, read};
    ///
    /// let manifest = read(
    ///     r#"{
    ///         "version": 1, "default_timeout_ms": 30000, "services": [{ "name": "orders", "functions": [] }],
    ///         "tables": [
    ///             {
    ///                 "name": "orders-journal", "owner": "orders", "holds": "journal",
    ///                 "key": { "partition": { "name": "instance", "type": "S" } }
    ///             }
    ///         ]
    ///     }"#,
    /// )?;
    /// let program = Program {
    ///     package: "shop".into(),
    ///     manifest,
    ///     marks: [].into(),
    ///     settings: Settings::default(),
    ///     code: "bootstrap.zip".into(),
    /// };
    /// let plan = Plan::of(&program, Architecture::Arm64)?;
    /// assert_eq!((plan.stack.as_str(), plan.services[0].timeout_s), ("shop", 35));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Everything that does not fit together: settings that name what is not there, calls of services that nobody
    /// knows, names that AWS refuses.
    pub fn of(program: &Program, architecture: Architecture) -> Result<Self, PlanError> {
        let Program { package, manifest, marks, settings, code } = program;
        let graph = Graph::of(marks);
        let stack = settings.stack.clone().unwrap_or_else(|| package.replace('_', "-"));
        let mut problems = Vec::new();
        check_names(&stack, manifest, &mut problems);
        check_settings(manifest, settings, &mut problems);
        check_calls(manifest, &graph, settings, &mut problems);
        check_logical_ids(manifest, &mut problems);
        if !problems.is_empty() {
            return Err(PlanError(problems));
        }
        let services: Vec<_> =
            manifest.services.iter().map(|service| plan_service(service, manifest, &graph, settings)).collect();
        let tables = manifest.tables.iter().map(|table| {
            let adopted = settings.adopt.contains(&table.name);
            TablePlan { table: table.clone(), adopted }
        });
        let plan = Self { stack, architecture, code: code.clone(), tables: tables.collect(), services };
        let problems = not_called(&plan, settings);
        if problems.is_empty() { Ok(plan) } else { Err(PlanError(problems)) }
    }
}

fn plan_service(service: &ServiceManifest, manifest: &Manifest, graph: &Graph, settings: &Settings) -> ServicePlan {
    let name = &service.name;
    let invoked: BTreeSet<_> = graph.invoked_by(name).into_iter().map(str::to_owned).collect();
    let (there, invokes): (BTreeSet<_>, _) =
        invoked.into_iter().partition(|service| settings.remote.contains_key(service));
    // Whom a service of another program calls in a transaction is told by the coordinator too, and only the settings
    // know who that may be.
    let is_told = |service: &String| there.contains(service) || graph.has_transactions(name) && !there.is_empty();
    let remote = settings.remote.iter().filter(|(service, _)| is_told(service));
    let invokes_remote = remote.map(|(service, place)| (service.clone(), place.clone())).collect();
    ServicePlan {
        name: name.clone(),
        functions: service.functions.clone(),
        timeout_s: timeout_s(service, manifest.default_timeout_ms),
        http: settings.http.contains(name),
        has_transactions: graph.has_transactions(name),
        invokes,
        invokes_remote,
    }
}

/// As long as the longest function. Collectors run in the same Lambda function, and have the default at least.
fn timeout_s(service: &ServiceManifest, default_timeout_ms: u64) -> u32 {
    let longest_ms = service.functions.iter().filter_map(|function| function.timeout_ms).max().unwrap_or(0);
    let timeout_s = longest_ms.max(default_timeout_ms).div_ceil(1000) + TIMEOUT_MARGIN_S;
    u32::try_from(timeout_s.min(MAX_TIMEOUT_S)).expect("15 minutes are few seconds")
}

fn check_names(stack: &str, manifest: &Manifest, problems: &mut Vec<PlanProblem>) {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_name = (1..=128).contains(&stack.len())
        && stack.starts_with(|first: char| first.is_ascii_alphabetic())
        && stack.bytes().all(letters);
    if !is_name {
        problems.push(PlanProblem::StackName { name: stack.to_owned() });
    }
    for service in &manifest.services {
        let name = format!("{stack}-{}", service.name);
        if is_name && name.len() > MAX_FUNCTION_NAME {
            problems.push(PlanProblem::FunctionName { service: service.name.clone(), name });
        }
    }
}

fn check_settings(manifest: &Manifest, settings: &Settings, problems: &mut Vec<PlanProblem>) {
    let services: BTreeSet<_> = manifest.services.iter().map(|service| &service.name).collect();
    let tables: BTreeSet<_> = manifest.tables.iter().map(|table| &table.name).collect();
    for service in settings.http.iter().filter(|service| !services.contains(service)) {
        let (service, known) = (service.clone(), listed(&services));
        problems.push(PlanProblem::UnknownService { setting: "http", service, known });
    }
    for table in settings.adopt.iter().filter(|table| !tables.contains(table)) {
        problems.push(PlanProblem::UnknownTable { table: table.clone(), known: listed(&tables) });
    }
    for (service, place) in &settings.remote {
        if services.contains(service) {
            problems.push(PlanProblem::RemoteIsHere { service: service.clone() });
        }
        if !is_place(place) {
            problems.push(PlanProblem::RemotePlace { service: service.clone(), place: place.clone() });
        }
    }
}

fn check_calls(manifest: &Manifest, graph: &Graph, settings: &Settings, problems: &mut Vec<PlanProblem>) {
    let services: BTreeMap<_, _> = manifest.services.iter().map(|service| (service.name.as_str(), service)).collect();
    for caller in graph.callers().collect::<BTreeSet<_>>() {
        let Some(declared) = services.get(caller) else {
            problems.push(PlanProblem::OtherBuild { caller: caller.to_owned() });
            continue;
        };
        for service in graph.called_by(caller) {
            if !services.contains_key(service) && !settings.remote.contains_key(service) {
                let at = declared.at.clone().unwrap_or_else(|| "no place is known".to_owned());
                let (caller, service) = (caller.to_owned(), service.to_owned());
                problems.push(PlanProblem::UnknownCallee { caller, at, service });
            }
        }
    }
}

/// The services of other programs that the settings know and nobody invokes: their names may be misspelt.
fn not_called(plan: &Plan, settings: &Settings) -> Vec<PlanProblem> {
    let invoked: BTreeSet<_> = plan.services.iter().flat_map(|service| service.invokes_remote.keys()).collect();
    let not_called = settings.remote.keys().filter(|service| !invoked.contains(service));
    let called = || {
        if invoked.is_empty() {
            "it calls none of other programs".to_owned()
        } else {
            format!("of other programs it calls {}", listed(&invoked))
        }
    };
    not_called.map(|service| PlanProblem::RemoteNotCalled { service: service.clone(), called: called() }).collect()
}

/// The template names its resources by letters and digits alone.
fn check_logical_ids(manifest: &Manifest, problems: &mut Vec<PlanProblem>) {
    let mut check = |names: &mut dyn Iterator<Item = &String>| {
        let mut ids = BTreeMap::new();
        for name in names {
            if let Some(first) = ids.insert(logical_id(name), name) {
                let (first, second, id) = (first.clone(), name.clone(), logical_id(name));
                problems.push(PlanProblem::LogicalId { first, second, id });
            }
        }
    };
    check(&mut manifest.services.iter().map(|service| &service.name));
    check(&mut manifest.tables.iter().map(|table| &table.name));
}

/// The name of a Lambda function and an alias.
fn is_place(place: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    place.split_once(':').is_some_and(|(function, alias)| is_word(function) && is_word(alias))
}

fn listed(names: &BTreeSet<&String>) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
