//! Deploys [beldi](https://docs.rs/beldi) programs: reads what one declares, plans, and writes templates.
//!
//! A program makes its manifest with [`Registry::manifest`](beldi_core::Registry::manifest) and writes it as
//! JSON. [`read`] gives it back as typed structs, or says everything that is wrong with it.
//!
//! ```
//! let manifest = beldi_build::read(
//!     r#"{
//!         "version": 1,
//!         "default_timeout_ms": 30000,
//!         "services": [
//!             {
//!                 "name": "hotel", "at": "src/hotel.rs:5",
//!                 "functions": [
//!                     {
//!                         "name": "reserve", "arguments": ["stay"],
//!                         "signature": "async fn reserve(stay: Stay) -> bool", "read_only": false, "fallible": true,
//!                         "at": "src/hotel.rs:21"
//!                     }
//!                 ]
//!             }
//!         ],
//!         "tables": [
//!             {
//!                 "name": "hotel-journal", "owner": "hotel", "holds": "journal",
//!                 "key": { "partition": { "name": "instance", "type": "S" }, "sort": { "name": "record", "type": "N" } },
//!                 "indexes": [
//!                     {
//!                         "name": "due",
//!                         "key": { "partition": { "name": "shard", "type": "S" }, "sort": { "name": "due", "type": "N" } }
//!                     }
//!                 ]
//!             }
//!         ]
//!     }"#,
//! )?;
//! assert_eq!(manifest.services[0].functions[0].name, "reserve");
//! # Ok::<(), beldi_build::ManifestError>(())
//! ```
//!
//! # From a program to a deployment
//!
//! A [`Program`] is a manifest, the [`Mark`]s that its binary has of who calls whom, and the [`Settings`] of its
//! project. [`Plan::of`] makes a plan of it, and [`template`] writes that as an AWS SAM template. All three are pure
//! functions. The command `cargo beldi` is made of them.

mod check;
mod contract;
mod error;
mod live;
mod plan;
mod program;
mod project;
mod read;
mod scaffold;
mod template;

pub use beldi_core::manifest::{
    AttributeManifest, FunctionManifest, Holds, IndexManifest, KeyManifest, MANIFEST_VERSION, Manifest,
    ServiceManifest, TableManifest,
};
pub use beldi_core::marks::{ANY_SERVICE, Mark, find as marks};
pub use beldi_core::store::ScalarType;
pub use contract::contract;
pub use error::{ManifestError, ManifestProblem, ManifestProblems};
pub use live::{DescribedTable, Difference, LiveTable};
pub use plan::{
    ALIAS, Architecture, COLLECT, COLLECT_GARBAGE, EveryMinutes, Graph, LOG_RETENTION_DAYS, MEMORY_MB,
    OLDEST_UNFINISHED_S, Plan, PlanError, PlanProblem, ServicePlan, TablePlan,
};
pub use program::Program;
pub use project::{Choice, Kind, Project, ProjectError, Settings, relative};
pub use read::{read, read_file};
pub use scaffold::{ProjectNameError, Scaffold};
pub use template::{ITEM_ACTIONS, JOURNAL_ACTIONS, template};
