//! Lambda's HTTP interfaces on loopback: for each worker the Runtime API and the Extensions API, and `Invoke`.
//!
//! | path | what |
//! |---|---|
//! | `/{worker}/2018-06-01/runtime/invocation/next` | an event, when there is one |
//! | `/{worker}/2018-06-01/runtime/invocation/{request}/response`, `/error` | its answer |
//! | `/{worker}/2018-06-01/runtime/init/error` | a worker that cannot start |
//! | `/{worker}/2020-01-01/extension/register`, `/event/next` | an extension that is told of each event |
//! | `/2015-03-31/functions/{name}/invocations` | `Invoke` |

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use super::Fleet;
use super::pool::Outcome;

/// Lambda's own limit for what is passed on.
const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

pub(super) fn router(fleet: Fleet) -> Router {
    let runtime = "/{worker}/2018-06-01/runtime";
    let extension = "/{worker}/2020-01-01/extension";
    Router::new()
        .route(&format!("{runtime}/invocation/next"), get(next))
        .route(&format!("{runtime}/invocation/{{request}}/response"), post(response))
        .route(&format!("{runtime}/invocation/{{request}}/error"), post(error))
        .route(&format!("{runtime}/init/error"), post(init_error))
        .route(&format!("{extension}/register"), post(register))
        .route(&format!("{extension}/event/next"), get(extension_next))
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        .layer(DefaultBodyLimit::max(MAX_PAYLOAD_BYTES))
        .with_state(fleet)
}

async fn next(State(fleet): State<Fleet>, Path(worker): Path<u64>) -> Response {
    let Ok(event) = fleet.pool().next(worker).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    fleet.extensions().invoked(worker, &event);
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", event.request),
        ("Lambda-Runtime-Deadline-Ms", event.deadline_ms.to_string()),
        ("Lambda-Runtime-Invoked-Function-Arn", fleet.arn()),
    ];
    (headers, event.payload).into_response()
}

async fn response(State(fleet): State<Fleet>, Path((worker, request)): Path<(u64, String)>, body: Bytes) -> StatusCode {
    fleet.pool().answer(worker, &request, Outcome::Answered(body));
    StatusCode::ACCEPTED
}

async fn error(State(fleet): State<Fleet>, Path((worker, request)): Path<(u64, String)>, body: Bytes) -> StatusCode {
    fleet.pool().answer(worker, &request, Outcome::Failed(body));
    StatusCode::ACCEPTED
}

async fn init_error(Path(worker): Path<u64>, body: Bytes) -> StatusCode {
    tracing::error!(worker, error = %String::from_utf8_lossy(&body), "a worker could not start");
    StatusCode::ACCEPTED
}

async fn register(State(fleet): State<Fleet>, Path(worker): Path<u64>) -> Response {
    fleet.extensions().register(worker);
    let body = json!({ "functionName": fleet.name(), "functionVersion": "$LATEST", "handler": "bootstrap" });
    ([("Lambda-Extension-Identifier", worker.to_string())], body.to_string()).into_response()
}

async fn extension_next(State(fleet): State<Fleet>, Path(worker): Path<u64>) -> Response {
    match fleet.extensions().next(worker).await {
        Some(event) => event.to_string().into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// `Invoke`. All names are one function: that of this host.
async fn invoke(State(fleet): State<Fleet>, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get("X-Amz-Invocation-Type").and_then(|kind| kind.to_str().ok());
    match kind.unwrap_or("RequestResponse") {
        "RequestResponse" => match fleet.event(body).await {
            Outcome::Answered(payload) => payload.into_response(),
            Outcome::Failed(payload) => ([("X-Amz-Function-Error", "Unhandled")], payload).into_response(),
        },
        "Event" => {
            tokio::spawn(async move { fleet.event(body).await });
            StatusCode::ACCEPTED.into_response()
        }
        other => {
            let message = format!("the invocation type {other} is not known here");
            (StatusCode::BAD_REQUEST, json!({ "Type": "User", "message": message }).to_string()).into_response()
        }
    }
}
