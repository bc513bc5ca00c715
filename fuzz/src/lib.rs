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

/// What some bytes were found to be, and so which laws were checked on them.
pub type Found = Vec<&'static str>;

/// Checks the laws of a target on some bytes. What breaks one is a panic.
pub type Check = fn(&[u8]) -> Found;

/// The targets: name, check, and all that bytes can be found to be. A law that nothing comes to checks nothing.
pub const TARGETS: &[(&str, Check, &[&str])] = &[
    ("bytes", bytes::check, &["binary path", "owner", "path", "instance"]),
    #[cfg(feature = "aws")]
    ("event", event::check, &["event of beldi", "other event", "malformed"]),
    ("gateway", gateway::check, &["value", "echo", "problem"]),
    ("invocation", invocation::check, &["invocation", "problem", "answer"]),
    ("item", item::check, &["item"]),
    ("json", json::check, &["JSON", "other text"]),
    ("key", key::check, &["number", "page token"]),
    ("manifest", manifest::check, &["manifest"]),
    ("record", record::check, &["record", "transaction", "part", "intact"]),
    ("row", row::check, &["row", "user's attributes"]),
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
