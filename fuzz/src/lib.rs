//! What the fuzz targets check, each in a module with its name. `tests/fuzz_seeds.rs` has these modules too, and checks
//! the seeds with them.

use beldi_core::store::Attributes;

pub mod bytes;
#[cfg(feature = "aws")]
pub mod event;
pub mod gateway;
pub mod invocation;
pub mod item;
pub mod json;
pub mod key;
pub mod manifest;
pub mod record;
pub mod row;

/// Checks the laws of a target on some bytes. What breaks one is a panic.
pub type Check = fn(&[u8]);

/// The targets, by name.
pub const TARGETS: &[(&str, Check)] = &[
    ("bytes", bytes::check),
    #[cfg(feature = "aws")]
    ("event", event::check),
    ("gateway", gateway::check),
    ("invocation", invocation::check),
    ("item", item::check),
    ("json", json::check),
    ("key", key::check),
    ("manifest", manifest::check),
    ("record", record::check),
    ("row", row::check),
];

/// An item in DynamoDB's own JSON, as `aws dynamodb get-item` prints it.
fn attributes(data: &[u8]) -> Option<Attributes> {
    serde_json::from_slice(data).ok()
}

/// The bytes as text, up to the first that is none.
fn text(data: &[u8]) -> &str {
    let end = std::str::from_utf8(data).map_or_else(|error| error.valid_up_to(), str::len);
    std::str::from_utf8(&data[..end]).unwrap_or_default()
}
