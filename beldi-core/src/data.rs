//! What crosses a boundary: arguments, results, journaled values.
//!
//! Invariant: what replay hands to a handler is what the live run handed to it. So every result of a
//! step is encoded when it is made and the handler is given the decoded value, live and in replay
//! (protocol, section 3).

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Arguments and results of functions: anything that serde can write and read back.
///
/// It is implemented for every type that is `Serialize`, `DeserializeOwned`, `Send` and `'static`; derive
/// the first two and the rest follows.
#[diagnostic::on_unimplemented(
    message = "BELDI008: `{Self}` cannot be an argument or a result of a beldi function",
    label = "not `Serialize + DeserializeOwned + Send + 'static`",
    note = "arguments and results are journaled and sent between services: add `#[derive(Serialize, Deserialize)]`, and use owned types"
)]
pub trait Data: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Data for T {}

/// A value could not be written as JSON, or the JSON is not what the type expects.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct DataError {
    what: String,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl DataError {
    /// The error of something else than JSON.
    pub(crate) fn foreign(what: &str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { what: what.to_owned(), source: Box::new(source) }
    }
}

/// The JSON of a value.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<String, DataError> {
    serde_json::to_string(value).map_err(|source| DataError {
        what: format!("a value of type `{}` cannot be written as JSON", std::any::type_name::<T>()),
        source: source.into(),
    })
}

/// The value that a JSON text stands for.
pub(crate) fn decode<T: DeserializeOwned>(json: &str) -> Result<T, DataError> {
    serde_json::from_str(json).map_err(|source| DataError {
        what: format!("the JSON is no `{}`", std::any::type_name::<T>()),
        source: source.into(),
    })
}
