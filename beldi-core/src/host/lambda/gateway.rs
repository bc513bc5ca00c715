//! Requests that API Gateway or a function URL has taken: to the gateway, which is the same everywhere.
//!
//! Invariant: every request gets a response. A Lambda error would come to the client as a 502 that says nothing.

use std::collections::BTreeMap;

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, Uri};
use axum::response::IntoResponse;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;
use tower::ServiceExt;

use super::call::json;
use super::event::{HttpRequest, LambdaError};
use super::here::Here;
use crate::error::ProblemKind;
use crate::host::http::{Refusal, router};

/// What both kinds of API take as a response.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProxyResponse {
    status_code: u16,
    headers: BTreeMap<String, String>,
    body: String,
    is_base64_encoded: bool,
}

/// Answers a request.
pub(super) async fn answer(here: &Here, request: HttpRequest) -> Result<Box<RawValue>, LambdaError> {
    let response = match request.into_http() {
        Ok(request) => {
            let answered = router(here.front()).oneshot(request);
            match tokio::time::timeout(here.time_left(), answered).await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => {
                    let detail = "there was no result within the time of this function: the same request with the same `Idempotency-Key` asks again";
                    Refusal::new(ProblemKind::Unavailable, detail).into_response()
                }
            }
        }
        Err(detail) => Refusal::malformed(detail).into_response(),
    };
    json(&told(response).await?)
}

async fn told(response: Response<Body>) -> Result<ProxyResponse, LambdaError> {
    let (parts, body) = response.into_parts();
    let unreadable = |error: &dyn std::fmt::Display| LambdaError::new(ProblemKind::InvalidData, error);
    let bytes = to_bytes(body, usize::MAX).await.map_err(|error| unreadable(&error))?;
    let headers = parts.headers.iter().map(|(name, value)| {
        let value = value.to_str().map_err(|error| unreadable(&error))?;
        Ok((name.to_string(), value.to_owned()))
    });
    Ok(ProxyResponse {
        status_code: parts.status.as_u16(),
        headers: headers.collect::<Result<_, LambdaError>>()?,
        body: String::from_utf8(bytes.into()).map_err(|error| unreadable(&error))?,
        is_base64_encoded: false,
    })
}

impl HttpRequest {
    /// The request as it was before API Gateway made an event of it, without the stage in its path.
    pub(super) fn into_http(self) -> Result<Request<Body>, String> {
        match self {
            Self::Rest(request) => {
                let ApiGatewayProxyRequest {
                    path,
                    http_method,
                    mut headers,
                    multi_value_headers,
                    body,
                    is_base64_encoded,
                    ..
                } = *request;
                if !multi_value_headers.is_empty() {
                    headers = multi_value_headers;
                }
                let body = body_of(body, is_base64_encoded)?;
                assemble(http_method, path.as_deref().unwrap_or("/"), headers, body)
            }
            Self::Http(request) => {
                let ApiGatewayV2httpRequest { raw_path, headers, request_context, body, is_base64_encoded, .. } =
                    *request;
                let path = raw_path.as_deref().unwrap_or("/");
                let stage = request_context.stage.as_deref().unwrap_or("$default");
                let below = path.strip_prefix('/').and_then(|path| path.strip_prefix(stage));
                let path = below.filter(|path| path.starts_with('/')).unwrap_or(path);
                let body = body_of(body, is_base64_encoded)?;
                assemble(request_context.http.method, path, headers, body)
            }
            Self::Malformed(error) => Err(error),
        }
    }
}

fn body_of(body: Option<String>, is_base64: bool) -> Result<Vec<u8>, String> {
    let body = body.unwrap_or_default();
    match is_base64 {
        true => BASE64_STANDARD.decode(body).map_err(|error| format!("the body is no base64: {error}")),
        false => Ok(body.into_bytes()),
    }
}

fn assemble(method: Method, path: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Request<Body>, String> {
    let uri = path.parse::<Uri>().map_err(|error| format!("the path `{path}` is none: {error}"))?;
    let mut request = Request::new(Body::from(body));
    (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri, headers);
    Ok(request)
}
