//! A plan as tables that a person reads before anything is applied.

use std::fmt;

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

use super::{
    COLLECT, COLLECT_GARBAGE, LOG_RETENTION_DAYS, MEMORY_MB, OLDEST_UNFINISHED_S, Plan, ServicePlan, TablePlan,
};
use crate::{FunctionManifest, Holds, KeyManifest, ScalarType};

/// The whole plan.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, architecture, code, .. } = self;
        writeln!(f, "Stack {stack}: {code} for {architecture}, {MEMORY_MB} MB\n")?;
        let (collect, garbage) = (COLLECT.0, COLLECT_GARBAGE.0);
        writeln!(
            f,
            "Services, each a Lambda function with a role, and a log group that keeps {LOG_RETENTION_DAYS} days."
        )?;
        writeln!(f, "What is unfinished is looked for every {collect} min, garbage is collected every {garbage} min")?;
        writeln!(f, "{}\n", self.services())?;
        writeln!(f, "Functions, with their requests to DynamoDB\n{}\n{REQUESTS}\n", self.functions())?;
        writeln!(f, "Tables, billed by request, restorable to each second of 35 days, encrypted\n{}\n", self.tables())?;
        let alarms = 3 * self.services.len() + 2 * self.tables.len();
        writeln!(
            f,
            "{alarms} alarms: for each service parked instances, an instance that is unfinished for more than"
        )?;
        write!(f, "{OLDEST_UNFINISHED_S} s, refused invocations; for each table throttled reads and writes")
    }
}

/// What the letters in the table stand for.
const REQUESTS: &str = "\
r: its reads; w: its writes; n: the rows that its transaction reads or writes. How many they are depends on what it is
called with; one that comes to no effect only reads. Callees come on top, each with its own. A callee in a transaction
adds 3 requests that are waited for, once if callees run in parallel, and 4 in all. A request is a read unit for each
4 KB of what is read, or a write unit for each KB of the row. Conditions that do not hold, full row logs and
transactions that are tried again add to that.";

impl Plan {
    fn services(&self) -> Table {
        let mut table = new_table(["service", "timeout", "address", "may invoke"]);
        for service in &self.services {
            let ServicePlan { name, timeout_s, http, .. } = service;
            let address = if *http { "signed by IAM" } else { "none" };
            table.add_row([name.clone(), format!("{timeout_s} s"), address.to_owned(), invoked(service)]);
        }
        table
    }

    fn functions(&self) -> Table {
        let mut table = new_table(["function", "kind", "waited for", "in all"]);
        for service in &self.services {
            for function in &service.functions {
                let [kind, waited_for, in_all] = requests(service, function);
                table.add_row([&format!("{}/{}", service.name, function.name), kind, waited_for, in_all]);
            }
        }
        table
    }

    fn tables(&self) -> Table {
        let mut table = new_table(["table", "owner", "holds", "key", "indexes", "expires", "deployment"]);
        for TablePlan { table: declared, adopted } in &self.tables {
            let indexes = declared.indexes.iter().map(|index| format!("{}: {}", index.name, key(&index.key)));
            let (holds, expires) = match declared.holds {
                Holds::Items => ("items", "no"),
                Holds::Journal => ("journal", "yes"),
            };
            table.add_row([
                declared.name.clone(),
                declared.owner.clone(),
                holds.to_owned(),
                key(&declared.key),
                indexes.collect::<Vec<_>>().join("\n"),
                expires.to_owned(),
                if *adopted { "adopted as it is" } else { "created, and kept for ever" }.to_owned(),
            ]);
        }
        table
    }
}

/// Whether a function has a transaction is known of its service only.
fn requests(service: &ServicePlan, function: &FunctionManifest) -> [&'static str; 3] {
    match (function.read_only, service.has_transactions) {
        (true, _) => ["read only", "r", "r"],
        (false, false) => ["effects", "r + w + 1", "r + w + 2"],
        (false, true) => ["effects", "r + w + 1, or n + 3", "r + w + 2, or 2n + 3"],
    }
}

fn invoked(service: &ServicePlan) -> String {
    let here = service.invokes.iter().filter(|name| **name != service.name).cloned();
    let there = service.invokes_remote.iter().map(|(name, place)| format!("{name} ({place})"));
    let others: Vec<_> = here.chain(there).collect();
    if others.is_empty() { "itself".to_owned() } else { format!("itself, {}", others.join(", ")) }
}

fn key(key: &KeyManifest) -> String {
    let attribute = |name: &str, scalar_type| {
        let letter = match scalar_type {
            ScalarType::String => "S",
            ScalarType::Number => "N",
            ScalarType::Binary => "B",
        };
        format!("{name} ({letter})")
    };
    let attributes = key.attributes().map(|of| attribute(&of.name, of.scalar_type));
    attributes.collect::<Vec<_>>().join(", ")
}

/// A line under the header, and nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─'));

fn new_table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    table
}
