//! `POST /functions/{service}/{name}`: calls a function.
//!
//! Invariant: all deliveries for one request are of one instance, named by the idempotency key or by an id
//! made for this request, so that an attempt that dies is repeated and never executed anew.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::value::RawValue;

use super::problem::{INVALID_IDEMPOTENCY_KEY, Refusal, UNSUPPORTED_MEDIA_TYPE};
use super::views::{Outcome, path_of};
use super::{Front, arguments};
use crate::error::ProblemKind;
use crate::function::FunctionEntry;
use crate::ids::InstanceId;
use crate::invoke::{Delivery, Invocation};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const INSTANCE: HeaderName = HeaderName::from_static("beldi-instance");
const OUTCOME: HeaderName = HeaderName::from_static("beldi-outcome");
const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const RESPOND_ASYNC: &str = "respond-async";

const MAX_KEY_BYTES: usize = 255;

/// Calls the function that the path names.
pub(super) async fn call(
    State(front): State<Front>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let Path((service, name)) = path?;
    let Some(function) = front.function(&service, &name) else {
        let detail = format!("there is no function {service}/{name}: GET /functions lists all");
        return Err(Refusal::new(ProblemKind::UnknownFunction, detail).of_function(&service, &name));
    };
    let key = idempotency_key(&headers).map_err(|refusal| refusal.of_function(&service, &name))?;
    let (instance, delivery) = match key {
        Some(key) => (InstanceId::from_idempotency_key(&service, &name, key), Delivery::First),
        None => (front.environment.world.fresh_id(), Delivery::OwnId),
    };
    // A function without effects leaves no trace that could be asked for later: it answers at once.
    let delivery = if wants_async(&headers) && !function.read_only { Delivery::Accept } else { delivery };
    let answer = Call { front, function, instance, delivery }.answer(&headers, body).await;
    let mut response = answer.unwrap_or_else(|refusal| refusal.of_instance(function, instance).into_response());
    let id = HeaderValue::try_from(instance.to_string()).expect("hexadecimal digits can stand in a header");
    response.headers_mut().insert(INSTANCE, id);
    Ok(response)
}

/// A call whose function and instance are known.
struct Call {
    front: Front,
    function: &'static FunctionEntry,
    instance: InstanceId,
    delivery: Delivery,
}

impl Call {
    async fn answer(self, headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Response, Refusal> {
        let body = body?;
        check_content_type(headers, &body)?;
        let arguments = arguments::from_body(self.function.argument_names, &body)
            .map_err(|error| Refusal::new(ProblemKind::InvalidArguments, error.to_string()))?;
        // Connections that are open when the host stops may still bring requests.
        if self.front.stopping.is_cancelled() {
            return Err(Refusal::stopping());
        }
        let result = self.front.client().deliver(self.invocation(arguments)).await?;
        if self.delivery == Delivery::Accept {
            return Ok(self.accepted());
        }
        self.returned(&result)
    }

    fn invocation(&self, arguments: String) -> Invocation {
        Invocation {
            service: self.function.service.to_owned(),
            function: self.function.name.to_owned(),
            instance: self.instance,
            arguments,
            caller: None,
            delivery: self.delivery,
            transaction: None,
            contract: None,
        }
    }

    /// The call is durable and will run.
    fn accepted(&self) -> Response {
        let FunctionEntry { service, name, .. } = self.function;
        let instance = self.instance.to_string();
        let body = serde_json::json!({ "service": service, "function": name, "instance": instance });
        let headers = [(LOCATION, path_of(service, self.instance)), (PREFERENCE_APPLIED, RESPOND_ASYNC.to_owned())];
        (headers, json(StatusCode::ACCEPTED, body.to_string())).into_response()
    }

    /// What the function returned: its value, or its own error.
    fn returned(&self, result: &str) -> Result<Response, Refusal> {
        let outcome = Outcome::of(self.function, result)
            .map_err(|error| Refusal::new(ProblemKind::InvalidData, format!("the result is unreadable: {error}")))?;
        Ok(match outcome {
            Outcome::Ok(value) => json(StatusCode::OK, text(value)),
            Outcome::Err(error) => {
                let outcome = [(OUTCOME, HeaderValue::from_static("error"))];
                (outcome, json(StatusCode::UNPROCESSABLE_ENTITY, text(error))).into_response()
            }
        })
    }
}

fn text(value: &RawValue) -> String {
    value.get().to_owned()
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

/// The idempotency key, if there is one: 1 to 255 printable ASCII characters, taken as they are.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let (Some(key), further) = (keys.next(), keys.next()) else { return Ok(None) };
    if further.is_some() {
        return Err(Refusal::new(INVALID_IDEMPOTENCY_KEY, "there is more than one header `Idempotency-Key`"));
    }
    let printable = key.to_str().ok().filter(|text| text.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    match printable {
        Some(key) if (1..=MAX_KEY_BYTES).contains(&key.len()) => Ok(Some(key)),
        _ => {
            let detail = format!("an idempotency key has 1 to {MAX_KEY_BYTES} printable ASCII characters");
            Err(Refusal::new(INVALID_IDEMPOTENCY_KEY, detail))
        }
    }
}

/// Whether the client prefers to be answered before the function has run (RFC 7240).
fn wants_async(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut names =
        preferences.flat_map(|value| value.split(',')).filter_map(|preference| preference.split(';').next());
    names.any(|name| name.trim().eq_ignore_ascii_case(RESPOND_ASYNC))
}

/// A body must say that it is JSON. Browsers ask before they send that to another origin, so a web page cannot
/// pass arguments to functions of this machine unnoticed.
fn check_content_type(headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or("unreadable"));
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let is_json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if is_json || (body.is_empty() && content_type.is_none()) {
        return Ok(());
    }
    let found = content_type.map_or("absent".to_owned(), |value| format!("`{value}`"));
    let detail = format!("the header `Content-Type` is {found}: send JSON as `application/json`");
    Err(Refusal::new(UNSUPPORTED_MEDIA_TYPE, detail))
}
