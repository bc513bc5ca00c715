//! Answers of type `application/problem+json` (RFC 9457).
//!
//! | status | kinds |
//! |---|---|
//! | 400 | `invalid-arguments`, `invalid-idempotency-key` |
//! | 404 | `unknown-path`, `unknown-function`, `unknown-instance` |
//! | 405, 413, 415 | `method-not-allowed`, `arguments-too-large`, `unsupported-media-type` |
//! | 422 | `idempotency-key-reused` |
//! | 500 | everything that only new code, another table or an operator mends |
//! | 503 | `unavailable`: the same request may succeed later, `Retry-After` says when to try |

use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::views::path_of;
use crate::attempt::MAX_VALUE_BYTES;
use crate::client::ClientError;
use crate::error::{Problem, ProblemKind};
use crate::function::FunctionEntry;
use crate::ids::InstanceId;
use crate::store::StoreError;

/// How long a client should wait before it tries a request again that was answered with 503.
const RETRY_AFTER_S: u32 = 1;

/// A kind of problem as HTTP tells it.
#[derive(Debug, Clone, Copy)]
pub(in crate::host) struct Kind {
    word: &'static str,
    status: StatusCode,
    title: &'static str,
}

pub(super) const UNKNOWN_PATH: Kind = Kind::new("unknown-path", StatusCode::NOT_FOUND, "There is nothing at this path");
pub(super) const METHOD_NOT_ALLOWED: Kind =
    Kind::new("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "The method has no meaning here");
pub(super) const UNSUPPORTED_MEDIA_TYPE: Kind =
    Kind::new("unsupported-media-type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is not declared as JSON");
pub(super) const INVALID_IDEMPOTENCY_KEY: Kind =
    Kind::new("invalid-idempotency-key", StatusCode::BAD_REQUEST, "The idempotency key cannot be one");

impl Kind {
    const fn new(word: &'static str, status: StatusCode, title: &'static str) -> Self {
        Self { word, status, title }
    }
}

impl From<ProblemKind> for Kind {
    fn from(kind: ProblemKind) -> Self {
        let (status, title) = match kind {
            ProblemKind::UnknownFunction => (StatusCode::NOT_FOUND, "There is no such function"),
            ProblemKind::UnknownInstance => (StatusCode::NOT_FOUND, "There is no such instance"),
            ProblemKind::InvalidArguments => (StatusCode::BAD_REQUEST, "The arguments do not fit the function"),
            ProblemKind::ContractMismatch => {
                (StatusCode::INTERNAL_SERVER_ERROR, "The caller declares another function than there is")
            }
            ProblemKind::ArgumentsTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The arguments are too large"),
            ProblemKind::IdempotencyKeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "The idempotency key was used before with other arguments")
            }
            ProblemKind::TooLarge => (StatusCode::INTERNAL_SERVER_ERROR, "The function made something too large"),
            ProblemKind::InvalidKey => (StatusCode::INTERNAL_SERVER_ERROR, "The function made a key that is none"),
            ProblemKind::InvalidData => (StatusCode::INTERNAL_SERVER_ERROR, "The function's data is not as expected"),
            ProblemKind::Diverged => (StatusCode::INTERNAL_SERVER_ERROR, "The function's replay diverged"),
            ProblemKind::Damaged => (StatusCode::INTERNAL_SERVER_ERROR, "The journal is damaged"),
            ProblemKind::Parked => (StatusCode::INTERNAL_SERVER_ERROR, "The instance is parked"),
            ProblemKind::StoreRefused => (StatusCode::INTERNAL_SERVER_ERROR, "The store refuses the request"),
            ProblemKind::CalleeFailed => (StatusCode::INTERNAL_SERVER_ERROR, "A called function has no result"),
            ProblemKind::Panicked => (StatusCode::INTERNAL_SERVER_ERROR, "The function panicked"),
            ProblemKind::TransactionRefused => {
                (StatusCode::INTERNAL_SERVER_ERROR, "The transaction asks for what it cannot have")
            }
            ProblemKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "The function cannot be run now"),
        };
        Self::new(kind.as_str(), status, title)
    }
}

/// A request that has no result.
#[derive(Debug)]
pub(in crate::host) struct Refusal {
    status: StatusCode,
    body: Box<Body>,
}

/// The members that RFC 9457 knows, then ours.
#[derive(Debug, Serialize)]
struct Body {
    #[serde(rename = "type")]
    type_uri: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
}

impl Refusal {
    pub(in crate::host) fn new(kind: impl Into<Kind>, detail: impl Into<String>) -> Self {
        let Kind { word, status, title } = kind.into();
        let body = Body {
            type_uri: format!("urn:beldi:problem:{word}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            instance: None,
            service: None,
            function: None,
            step: None,
        };
        Self { status, body: Box::new(body) }
    }

    /// The answer to a request that did not arrive as one.
    #[cfg(feature = "aws")]
    pub(in crate::host) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::InvalidArguments, detail)
    }

    /// The answer to calls that come while the host stops.
    pub(super) fn stopping() -> Self {
        Self::new(ProblemKind::Unavailable, "the host is stopping: nothing was done")
    }

    /// Says which function the request was for.
    pub(super) fn of_function(mut self, service: &str, function: &str) -> Self {
        self.body.service.get_or_insert_with(|| service.to_owned());
        self.body.function.get_or_insert_with(|| function.to_owned());
        self
    }

    /// Says which instance of which function the request was for.
    pub(super) fn of_instance(self, function: &FunctionEntry, instance: InstanceId) -> Self {
        let mut refusal = self.of_function(function.service, function.name);
        refusal.body.instance.get_or_insert_with(|| path_of(function.service, instance));
        refusal
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let Problem { kind, detail, service, function, instance, step } = problem;
        let mut refusal = Self::new(kind, detail);
        refusal.body.instance = instance.map(|instance| path_of(&service, instance));
        refusal.body.step = step;
        refusal.of_function(&service, &function)
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused(problem) => (*problem).into(),
            ClientError::Unavailable { message, .. } => Self::new(ProblemKind::Unavailable, message),
            error @ (ClientError::Data(_) | ClientError::UnexpectedResult { .. }) => {
                Self::new(ProblemKind::InvalidData, error.to_string())
            }
            ClientError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let kind = if error.is_permanent() { ProblemKind::StoreRefused } else { ProblemKind::Unavailable };
        Self::new(kind, error.to_string())
    }
}

impl From<PathRejection> for Refusal {
    fn from(rejection: PathRejection) -> Self {
        Self::new(UNKNOWN_PATH, rejection.body_text())
    }
}

impl From<BytesRejection> for Refusal {
    fn from(rejection: BytesRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let detail = format!("the body has more than {MAX_VALUE_BYTES} bytes: store large data and pass its key");
            return Self::new(ProblemKind::ArgumentsTooLarge, detail);
        }
        Self::new(ProblemKind::InvalidArguments, format!("the body did not arrive: {}", rejection.body_text()))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // A body of strings and numbers can always be written.
        let body = serde_json::to_string(&self.body).unwrap_or_default();
        let mut response = (self.status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
        }
        response
    }
}
