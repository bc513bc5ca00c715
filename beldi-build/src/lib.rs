//! Reads the manifest of a [beldi](https://docs.rs/beldi) program: what it declares, as data.
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
//! # What it is not
//!
//! It does not write templates or policies, and it does not deploy. It only reads.

mod check;
mod contract;
mod error;
mod read;

pub use beldi_core::manifest::{
    AttributeManifest, FunctionManifest, Holds, IndexManifest, KeyManifest, MANIFEST_VERSION, Manifest,
    ServiceManifest, TableManifest,
};
pub use beldi_core::marks::{ANY_SERVICE, Mark, find as marks};
pub use beldi_core::store::ScalarType;
pub use contract::contract;
pub use error::{ManifestError, ManifestProblem, ManifestProblems};
pub use read::{read, read_file};
