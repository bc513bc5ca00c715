//! Requests to the gateway: method, path, query, headers (idempotency keys among them) and arguments in JSON.
//!
//! The input is the text of an HTTP request. Nothing is stored: the functions only read, and only their arguments.
//! Laws: every answer is a value in JSON or a problem in `application/problem+json`, and no problem is a panic; what
//! a function was given is what the body says.

use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request, Response, header::CONTENT_TYPE};
use beldi::host::LocalHost;
use beldi::store::{self, Store, StoreFuture};
use serde_json::Value;
use tower::ServiceExt;

use super::Found;

beldi::service!(Echo = "echo");

#[beldi::function(service = Echo, read_only)]
async fn nothing() {}

#[beldi::function(service = Echo, read_only)]
async fn one(value: Vec<Option<String>>) -> Vec<Option<String>> {
    value
}

#[beldi::function(service = Echo, read_only)]
async fn several(name: String, count: i64, flag: Option<bool>) -> (String, i64, Option<bool>) {
    (name, count, flag)
}

/// A store that has nothing but tables.
#[derive(Default)]
struct Empty(Mutex<Vec<store::TableSchema>>);

impl Store for Empty {
    fn execute(&self, request: store::Request) -> StoreFuture<'_> {
        let response = match request {
            store::Request::Get(_) => store::Response::Item(None),
            store::Request::Query(_) | store::Request::Scan(_) => store::Response::Page(Default::default()),
            store::Request::CreateTable(create) => {
                self.0.lock().expect("nobody panics").push(create.schema);
                store::Response::Done
            }
            store::Request::DescribeTable(asked) => {
                let tables = self.0.lock().expect("nobody panics");
                store::Response::Table(tables.iter().find(|table| table.name == asked.table).cloned())
            }
            _ => store::Response::Done,
        };
        Box::pin(std::future::ready(Ok(response)))
    }

    fn expires_items(&self) -> bool {
        true
    }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));

static GATEWAY: LazyLock<Router> = LazyLock::new(|| {
    let start = LocalHost::builder(Arc::new(Empty::default())).collect_every(None).start();
    beldi_core::fuzzing::gateway(&RUNTIME.block_on(start).expect("a host"))
});

fn parse(data: &[u8]) -> Option<Request<Body>> {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((data, &[][..]), |end| (&data[..end], &data[end + 2..]));
    let mut lines = head.split(|byte| *byte == b'\n');
    let (method, uri) = std::str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(uri);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    request.body(Body::from(body.to_vec())).ok()
}

fn check_answer(path: &str, sent: &[u8], response: &Response<()>, body: &[u8]) -> Found {
    let content_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let json: Option<Value> = serde_json::from_slice(body).ok();
    if response.status().is_success() {
        let value = json.expect("a value in JSON");
        if path == "/functions/echo/one" {
            assert_eq!(Some(value), serde_json::from_slice(sent).ok());
            return vec!["echo"];
        }
        return vec!["value"];
    }
    assert_eq!(content_type, Some(b"application/problem+json".as_slice()), "{response:?}");
    let problem = json.expect("a problem in JSON");
    let kind = problem["type"].as_str().expect("a type");
    assert!(!kind.ends_with("panicked") && !kind.ends_with("invalid-data"), "{problem}");
    vec!["problem"]
}

/// Checks the laws on these bytes. Gives what they are.
pub fn check(data: &[u8]) -> Found {
    let Some(request) = parse(data) else { return Found::new() };
    let gateway = GATEWAY.clone();
    RUNTIME.block_on(async {
        let path = request.uri().path().to_owned();
        let is_head = request.method() == "HEAD";
        let (parts, body) = request.into_parts();
        let sent = to_bytes(body, usize::MAX).await.expect("a body");
        let request = Request::from_parts(parts, Body::from(sent.clone()));
        let response = gateway.oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        if is_head { Found::new() } else { check_answer(&path, &sent, &Response::from_parts(parts, ()), &body) }
    })
}
