//! The variables of the environment that a deployment sets.

use std::collections::BTreeMap;
use std::env;

/// The service that a Lambda function runs.
pub(crate) const SERVICE: &str = "BELDI_SERVICE";
/// The name that stands for all services.
pub(crate) const ALL: &str = "*";
/// A JSON object from services to the Lambda functions that run them, each with its qualifier.
pub(crate) const FUNCTIONS: &str = "BELDI_FUNCTIONS";

/// A variable that a deployment sets is missing or unreadable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VariableError {
    /// It is not set.
    #[error(
        "the variable {name} is not set: it says {what}, and the template that `cargo beldi template` writes sets it"
    )]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it says.
        what: &'static str,
    },
    /// It is not what it should be.
    #[error("the variable {name} is unreadable: {error}; it says {what}")]
    Unreadable {
        /// The variable.
        name: &'static str,
        /// What it says.
        what: &'static str,
        /// What is wrong.
        error: String,
    },
}

/// The service that is to run.
pub(super) fn service() -> Result<String, VariableError> {
    variable(SERVICE, "which service this function runs")
}

/// The Lambda functions of all services that may be called.
pub(super) fn functions() -> Result<BTreeMap<String, String>, VariableError> {
    let what = "which Lambda function runs which service, as a JSON object";
    let text = variable(FUNCTIONS, what)?;
    serde_json::from_str(&text).map_err(|error| VariableError::Unreadable {
        name: FUNCTIONS,
        what,
        error: error.to_string(),
    })
}

fn variable(name: &'static str, what: &'static str) -> Result<String, VariableError> {
    match env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        Err(env::VarError::NotUnicode(_)) => {
            Err(VariableError::Unreadable { name, what, error: "it is no Unicode".to_owned() })
        }
        _ => Err(VariableError::Missing { name, what }),
    }
}
