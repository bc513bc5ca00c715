//! The plan: everything that a deployment of a program consists of, before any of it is written or applied.
//!
//! Invariant: a plan is a function of the program and its settings. Two plans of one program are equal, and nothing
//! is in a template that is not in the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

mod error;
mod graph;
mod make;
mod show;

pub use error::{PlanError, PlanProblem};
pub use graph::Graph;

use crate::{FunctionManifest, TableManifest};

/// The processor that the functions run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Architecture {
    /// x86-64: what most development machines are.
    #[default]
    X86_64,
    /// 64-bit Arm: costs a fifth less on AWS Lambda.
    Arm64,
}

/// The name that AWS Lambda has for it.
impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        })
    }
}

/// How often something is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EveryMinutes(pub u32);

/// As EventBridge Scheduler writes it. It knows `minute` for one and `minutes` for more, and refuses a deployment that
/// confuses them, which no linter does.
impl fmt::Display for EveryMinutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "rate({} minute{plural})", self.0)
    }
}

/// How often unfinished instances are looked for.
pub const COLLECT: EveryMinutes = EveryMinutes(1);
/// How often garbage is collected.
pub const COLLECT_GARBAGE: EveryMinutes = EveryMinutes(15);
/// How much memory a function has; a Lambda function gets its share of a processor by it.
pub const MEMORY_MB: u32 = 512;
/// How long logs are kept.
pub const LOG_RETENTION_DAYS: u32 = 30;
/// The alias that is invoked: a deployment moves it to the new version once that is there.
pub const ALIAS: &str = "live";
/// An instance that is unfinished for so long rings.
pub const OLDEST_UNFINISHED_S: u32 = 300;

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The name of the stack.
    pub stack: String,
    /// The processor.
    pub architecture: Architecture,
    /// Where the deployed binary is, packed, as seen from the template.
    pub code: String,
    /// The services, each a Lambda function.
    pub services: Vec<ServicePlan>,
    /// The tables of all services.
    pub tables: Vec<TablePlan>,
}

/// A service: a Lambda function with a role, a log group, two schedules and three alarms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePlan {
    /// The name of the service.
    pub name: String,
    /// Its functions.
    pub functions: Vec<FunctionManifest>,
    /// How long the Lambda function may run, in seconds.
    pub timeout_s: u32,
    /// Whether it has a function URL.
    pub http: bool,
    /// Whether its functions have transactions.
    pub has_transactions: bool,
    /// The services of this program that it may invoke.
    pub invokes: BTreeSet<String>,
    /// The services of other programs that it may invoke, each with its Lambda function and qualifier.
    pub invokes_remote: BTreeMap<String, String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePlan {
    /// What it looks like, and whose it is.
    pub table: TableManifest,
    /// Whether it exists already and is left as it is.
    pub adopted: bool,
}

impl Plan {
    /// The tables that belong to `service`, its journal among them.
    pub fn tables_of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a TablePlan> {
        self.tables.iter().filter(move |plan| plan.table.owner == service)
    }
}
