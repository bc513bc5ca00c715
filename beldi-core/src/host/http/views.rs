//! What can be read: instances, functions, health.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Front;
use super::problem::Refusal;
use crate::client::look_up;
use crate::error::ProblemKind;
use crate::function::FunctionEntry;
use crate::ids::{InstanceId, InvalidInstanceId};
use crate::intent::Status;

/// Where the status of an instance is found.
pub(super) fn path_of(service: &str, instance: InstanceId) -> String {
    format!("/instances/{service}/{instance}")
}

/// What a function returned. A function that returns no `Result` cannot fail.
#[derive(Debug, Deserialize)]
pub(in crate::host) enum Outcome<'a> {
    /// Its value.
    Ok(#[serde(borrow)] &'a RawValue),
    /// Its own error.
    Err(#[serde(borrow)] &'a RawValue),
}

impl<'a> Outcome<'a> {
    /// The outcome that the JSON of a function's output stands for.
    pub(in crate::host) fn of(function: &FunctionEntry, result: &'a str) -> serde_json::Result<Self> {
        if function.fallible { serde_json::from_str(result) } else { serde_json::from_str(result).map(Self::Ok) }
    }
}

/// An instance as clients see it.
#[derive(Serialize)]
pub(super) struct InstanceView {
    service: String,
    function: String,
    instance: InstanceId,
    #[serde(flatten)]
    status: StatusView,
}

#[derive(Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum StatusView {
    Running {
        attempts: u32,
        due_ms: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    Done {
        /// `ok` or `error`; absent where the program does not know the function any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome: Option<&'static str>,
        result: Box<RawValue>,
    },
    Parked {
        error: String,
    },
}

/// `GET /instances/{service}/{instance}`
pub(super) async fn instance(
    State(front): State<Front>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<InstanceView>, Refusal> {
    let Path((service, id)) = path?;
    let environment = &front.environment;
    let unknown = |detail: String| Refusal::new(ProblemKind::UnknownInstance, detail);
    if !front.serves(&service) {
        return Err(unknown(format!("there is no service {service}")));
    }
    let instance: InstanceId = id.parse().map_err(|error: InvalidInstanceId| unknown(error.to_string()))?;
    let Some((function, status)) = look_up(environment, &service, instance).await? else {
        let detail = format!(
            "the journal of {service} has no instance {instance}: it never was, had no effect, or its result is no longer kept"
        );
        return Err(unknown(detail));
    };
    let entry = environment.registry.function(&service, &function);
    let status = match status {
        Status::Running { attempts, due_ms, error } => StatusView::Running { attempts, due_ms, error },
        Status::Parked { error } => StatusView::Parked { error },
        Status::Done { result } => done(entry, &result)
            .map_err(|error| Refusal::new(ProblemKind::InvalidData, format!("the result is unreadable: {error}")))?,
    };
    Ok(Json(InstanceView { service, function, instance, status }))
}

fn done(function: Option<&FunctionEntry>, result: &str) -> serde_json::Result<StatusView> {
    let (outcome, result) = match function.map(|function| Outcome::of(function, result)).transpose()? {
        Some(Outcome::Ok(value)) => (Some("ok"), value),
        Some(Outcome::Err(error)) => (Some("error"), error),
        None => (None, serde_json::from_str(result)?),
    };
    Ok(StatusView::Done { outcome, result: result.to_owned() })
}

/// A function as clients see it.
#[derive(Serialize)]
pub(super) struct FunctionView {
    service: &'static str,
    name: &'static str,
    arguments: &'static [&'static str],
    read_only: bool,
}

/// `GET /functions`: by service and name.
pub(super) async fn functions(State(front): State<Front>) -> Json<Vec<FunctionView>> {
    let views = front.functions().map(|function| FunctionView {
        service: function.service,
        name: function.name,
        arguments: function.argument_names,
        read_only: function.read_only,
    });
    Json(views.collect())
}

/// `GET /health`: whoever is answered knows that the gateway serves.
pub(super) async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok" }))
}
