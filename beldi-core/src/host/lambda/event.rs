//! What an event is, and what Lambda is told of one that cannot be answered.
//!
//! Invariant: only who may invoke the Lambda function can send what is meant for beldi itself. What comes over HTTP or
//! through a queue is a call, whatever it says.

use std::fmt;

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use aws_lambda_events::sqs::SqsEvent;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::{InvokeError, ProblemKind};
use crate::invoke::Invocation;

/// What a Lambda function is asked for.
pub(super) enum Event {
    /// A service calls a function, or tells it something.
    Invocation(Box<Invocation>),
    /// Somebody calls a function.
    Call(DirectCall),
    /// Somebody calls a function over HTTP.
    Http(HttpRequest),
    /// Messages, each of which calls a function.
    Queue(SqsEvent),
    /// What is due is to be started.
    Collect,
    /// What is not needed any more is to be removed.
    CollectGarbage,
    /// Tables that are missing are to be made.
    CreateTables,
}

/// A call of a function by whoever may invoke the Lambda function, or by a message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DirectCall {
    /// The name of the function.
    pub(super) function: String,
    /// Its arguments, as the gateway takes them. `null` is one.
    #[serde(default, deserialize_with = "present")]
    pub(super) arguments: Option<Box<RawValue>>,
    /// What names the instance.
    #[serde(default)]
    pub(super) idempotency_key: Option<String>,
    /// Whether to answer as soon as the call is durable, and to run it afterwards.
    #[serde(default)]
    pub(super) detached: bool,
}

/// A value that is there, which `null` is too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// A request that API Gateway or a function URL has taken.
pub(super) enum HttpRequest {
    /// Of a REST API.
    Rest(Box<ApiGatewayProxyRequest>),
    /// Of an HTTP API or a function URL.
    Http(Box<ApiGatewayV2httpRequest>),
    /// Unreadable, and why.
    Malformed(String),
}

impl HttpRequest {
    fn malformed(error: &serde_json::Error) -> Self {
        Self::Malformed(format!("the event is no request of API Gateway or a function URL: {error}"))
    }
}

/// Why an event has no answer: what Lambda is told as a failed invocation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LambdaError {
    /// The type of the error: `beldi.` and a kind.
    pub kind: String,
    /// What went wrong, for people.
    pub message: String,
}

impl LambdaError {
    pub(super) fn new(kind: ProblemKind, message: impl fmt::Display) -> Self {
        Self { kind: format!("beldi.{}", kind.as_str()), message: message.to_string() }
    }

    /// Whether a later attempt of the same instance may do better.
    pub(super) fn may_pass(&self) -> bool {
        let kinds = [ProblemKind::Unavailable, ProblemKind::Panicked, ProblemKind::CalleeFailed];
        kinds.into_iter().any(|kind| self.kind == Self::new(kind, "").kind)
    }

    fn malformed(message: impl fmt::Display) -> Self {
        Self { kind: "beldi.malformed-event".to_owned(), message: message.to_string() }
    }
}

impl From<InvokeError> for LambdaError {
    fn from(error: InvokeError) -> Self {
        match error {
            InvokeError::Unavailable(message) => Self::new(ProblemKind::Unavailable, message),
            InvokeError::Refused(problem) => Self::new(problem.kind, &problem.detail),
        }
    }
}

/// What tells events apart.
#[derive(Deserialize)]
struct Marks<'a> {
    #[serde(borrow)]
    beldi: Option<&'a RawValue>,
    #[serde(borrow)]
    function: Option<&'a RawValue>,
    #[serde(borrow, rename = "Records")]
    records: Option<&'a RawValue>,
    #[serde(borrow, rename = "requestContext")]
    request_context: Option<&'a RawValue>,
    #[serde(rename = "httpMethod")]
    http_method: Option<&'a RawValue>,
    #[serde(borrow, rename = "detail-type")]
    detail_type: Option<&'a RawValue>,
}

/// What is meant for beldi itself.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Own {
    Collect,
    CollectGarbage,
    CreateTables,
    Invocation(Box<Invocation>),
}

impl Event {
    /// What an event asks for.
    pub(super) fn read(event: &str) -> Result<Self, LambdaError> {
        if !event.trim_start().starts_with('{') {
            return Err(LambdaError::malformed("an event is a JSON object, and this is no JSON object"));
        }
        let malformed =
            |what: &str, error: serde_json::Error| LambdaError::malformed(format!("this is no {what}: {error}"));
        let marks: Marks<'_> =
            serde_json::from_str(event).map_err(|error| malformed("JSON object of an event", error))?;
        match marks {
            Marks { beldi: Some(own), .. } => {
                let own = serde_json::from_str(own.get()).map_err(|error| malformed("event of beldi's own", error))?;
                Ok(match own {
                    Own::Collect => Self::Collect,
                    Own::CollectGarbage => Self::CollectGarbage,
                    Own::CreateTables => Self::CreateTables,
                    Own::Invocation(invocation) => Self::Invocation(invocation),
                })
            }
            Marks { function: Some(_), .. } => {
                let call = serde_json::from_str(event).map_err(|error| malformed("call of a function", error))?;
                Ok(Self::Call(call))
            }
            Marks { records: Some(_), .. } => {
                let batch: SqsEvent =
                    serde_json::from_str(event).map_err(|error| malformed("batch of SQS messages", error))?;
                match batch.records.iter().find(|record| record.event_source.as_deref() != Some("aws:sqs")) {
                    None => Ok(Self::Queue(batch)),
                    Some(other) => {
                        let source = other.event_source.as_deref().unwrap_or("unknown");
                        Err(LambdaError::malformed(format!("records of {source} call no function: only SQS is known")))
                    }
                }
            }
            Marks { request_context: Some(_), http_method: Some(_), .. } => Ok(Self::Http(
                serde_json::from_str(event).map_or_else(|error| HttpRequest::malformed(&error), HttpRequest::Rest),
            )),
            Marks { request_context: Some(_), .. } => Ok(Self::Http(
                serde_json::from_str(event).map_or_else(|error| HttpRequest::malformed(&error), HttpRequest::Http),
            )),
            Marks { detail_type: Some(kind), .. } if kind.get() == "\"Scheduled Event\"" => Ok(Self::Collect),
            _ => Err(LambdaError::malformed(
                "this event is neither a call (`{\"function\": .., \"arguments\": ..}`), nor of API Gateway, a function URL, SQS or an EventBridge schedule",
            )),
        }
    }
}
