//! Calls that give a result.

use hyper::Method;
use serde_json::{Value, json};

use crate::library::{Bench, Refused, add, ticket};

#[tokio::test]
async fn arguments_come_as_value_object_or_array() {
    let Bench { http, .. } = Bench::new().await;
    let added = http.post("/functions/library/add", r#"{"title": "Emma", "copies": 2}"#).await;
    assert_eq!((added.status.as_u16(), added.json()), (200, json!(2)));
    assert_eq!(added.header("content-type"), "application/json");
    assert_eq!(http.post("/functions/library/add", r#"{"copies":1,"title":"Emma"}"#).await.json(), 3);
    assert_eq!(http.post("/functions/library/add", r#"["Emma", 4]"#).await.json(), 7);
    let found = http.post("/functions/library/find", "\"Emma\"").await;
    assert_eq!(found.json(), json!({ "title": "Emma", "copies": 7 }));
    assert_eq!(http.post("/functions/library/find", "\"Ulysses\"").await.json(), Value::Null);
}

#[tokio::test]
async fn a_function_without_arguments_needs_no_body() {
    let Bench { http, .. } = Bench::new().await;
    assert_eq!(http.send(Method::POST, "/functions/library/count", &[], "").await.json(), 0);
    for body in ["null", "{}", "[]"] {
        assert_eq!(http.post("/functions/library/count", body).await.json(), 0, "{body}");
    }
}

#[tokio::test]
async fn the_functions_own_error_is_its_answer() {
    let Bench { http, .. } = Bench::new().await;
    http.post("/functions/library/add", r#"["Emma", 1]"#).await;
    let lent = http.post_as("ann", "/functions/library/lend", "\"Emma\"").await;
    assert_eq!((lent.status.as_u16(), lent.json(), lent.header("beldi-outcome")), (200, json!(0), ""));
    for _ in 0..2 {
        let refused = http.post_as("bob", "/functions/library/lend", "\"Emma\"").await;
        assert_eq!(refused.status.as_u16(), 422);
        assert_eq!(refused.header("beldi-outcome"), "error");
        assert_eq!(refused.header("content-type"), "application/json");
        let error: Refused = serde_json::from_str(&refused.body).expect("the function's error");
        assert_eq!(error, Refused::AllLent { waiting: 1 });
    }
}

#[tokio::test]
async fn a_key_makes_a_repeated_request_the_same_execution() {
    let bench = Bench::new().await;
    let body = r#"{"title": "Emma", "copies": 2}"#;
    let first = bench.http.post_as("k-1", "/functions/library/add", body).await;
    let again = bench.http.post_as("k-1", "/functions/library/add", r#" { "copies":2,"title":"\u0045mma" } "#).await;
    let other = bench.http.post_as("k-2", "/functions/library/add", body).await;
    assert_eq!((first.json(), again.json(), other.json()), (json!(2), json!(2), json!(4)));
    assert_eq!(first.header("beldi-instance"), again.header("beldi-instance"));
    assert_ne!(first.header("beldi-instance"), other.header("beldi-instance"));
    assert_eq!(bench.copies("Emma").await, Some(4));
}

#[tokio::test]
async fn without_a_key_every_request_is_an_execution() {
    let bench = Bench::new().await;
    let first = bench.http.post("/functions/library/ticket", "\"ann\"").await;
    let second = bench.http.post("/functions/library/ticket", "\"ann\"").await;
    assert_ne!(first.json(), second.json());
    assert_ne!(first.header("beldi-instance"), second.header("beldi-instance"));
    assert_eq!(bench.copies("ann").await, Some(2));
}

#[tokio::test]
async fn gateway_and_client_mean_the_same_instance_by_a_key() {
    let bench = Bench::new().await;
    let client = bench.host.client();
    let by_http = bench.http.post_as("k", "/functions/library/ticket", " \"ann\" ").await;
    let by_client = client.call(ticket("ann".to_owned())).idempotency_key("k").await.expect("a result");
    assert_eq!(by_http.json(), by_client);
    let by_client = client.call(add("Emma".to_owned(), 1)).idempotency_key("k").await.expect("a result");
    assert_eq!(
        bench.http.post_as("k", "/functions/library/add", r#"{"copies":1,"title":"Emma"}"#).await.json(),
        by_client
    );
    assert_eq!((bench.copies("ann").await, bench.copies("Emma").await), (Some(1), Some(1)));
}

#[tokio::test]
async fn numbers_keep_their_digits() {
    let Bench { http, .. } = Bench::new().await;
    let id = u128::MAX.to_string();
    let echoed = http.post("/functions/library/echo", format!(r#"{{"value": {{}}, "id": {id}}}"#)).await;
    assert_eq!(echoed.body, id);
}

#[tokio::test]
async fn an_attempt_that_dies_is_repeated_and_not_executed_anew() {
    for key in [None, Some("k")] {
        let bench = Bench::with_deaths(2).await;
        let path = "/functions/library/ticket";
        let answer = match key {
            Some(key) => bench.http.post_as(key, path, "\"ann\"").await,
            None => bench.http.post(path, "\"ann\"").await,
        };
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        let statistics = bench.host.statistics();
        assert_eq!((statistics.crashed, statistics.repeated), (2, 2));
        assert_eq!(bench.copies("ann").await, Some(1));
    }
}

#[tokio::test]
async fn a_client_that_prefers_it_is_answered_at_once() {
    let bench = Bench::new().await;
    for preference in ["respond-async", "wait=5, Respond-Async; x=1"] {
        let headers = [("content-type", "application/json"), ("idempotency-key", "k"), ("prefer", preference)];
        let accepted = bench.http.send(Method::POST, "/functions/library/ticket", &headers, "\"ann\"").await;
        assert_eq!(accepted.status.as_u16(), 202, "{accepted:?}");
        assert_eq!(accepted.header("preference-applied"), "respond-async");
        let instance = accepted.header("beldi-instance");
        assert_eq!(accepted.header("location"), format!("/instances/library/{instance}"));
        assert_eq!(accepted.json(), json!({ "service": "library", "function": "ticket", "instance": instance }));
    }
    let waited = bench.http.post_as("k", "/functions/library/ticket", "\"ann\"").await;
    assert_eq!(waited.status.as_u16(), 200);
    assert_eq!(bench.copies("ann").await, Some(1));
}

#[tokio::test]
async fn a_read_only_function_answers_with_its_value_whatever_is_preferred() {
    let Bench { http, .. } = Bench::new().await;
    let found = http.send(Method::POST, "/functions/library/count", &[("prefer", "respond-async")], "").await;
    assert_eq!((found.status.as_u16(), found.json()), (200, json!(0)));
}

#[tokio::test]
async fn the_functions_are_listed() {
    let Bench { http, host, .. } = Bench::new().await;
    let listed = http.get("/functions").await.json();
    let listed = listed.as_array().expect("a list");
    let expected = json!({ "service": "library", "name": "add", "arguments": ["title", "copies"], "read_only": false });
    assert_eq!(listed[0], expected);
    assert!(listed.contains(&json!({ "service": "library", "name": "count", "arguments": [], "read_only": true })));
    assert_eq!(listed.len(), host.environment().registry.functions().count());
    assert_eq!(http.get("/health").await.json(), json!({ "status": "ok" }));
}

#[tokio::test]
async fn an_own_id_leaves_no_trace_of_a_call_without_effect() {
    let bench = Bench::new().await;
    let found = bench.http.post("/functions/library/lend", "\"Emma\"").await;
    assert_eq!((found.status.as_u16(), found.json()), (422, json!("NoSuchBook")));
    let path = format!("/instances/library/{}", found.header("beldi-instance"));
    bench.http.get(&path).await.problem(404, "unknown-instance");
}
