//! What is too large, wherever it is found.

use beldi::store::Attributes;
use beldi::{ClientError, InstanceId, ProblemKind};
use serde_json::json;

use crate::archive::{copy, file, file_new, fill};
use crate::bench::{Bench, problem};

/// The limit of arguments, results and journaled observations.
const LIMIT: usize = 256 * 1024;

#[tokio::test]
async fn an_item_over_400_kb() {
    let bench = Bench::new().await;
    let detail = bench.refuses("fill", r#"["a", 410000]"#, 500, "too-large").await;
    assert!(detail.contains("`papers`") && detail.contains("400 KB"), "{detail}");
    let problem = problem(bench.host.client().call(fill("a".to_owned(), 410_000)).await);
    assert_eq!((problem.kind, problem.step.as_deref()), (ProblemKind::TooLarge, Some("1")));
    assert_eq!(bench.contents().await, []);
    assert_eq!(bench.http.post("/functions/archive/fill", r#"["a", 400000]"#).await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_payload_over_the_limit() {
    let bench = Bench::new().await;
    let body = |bytes: usize| json!(["a", "x".repeat(bytes)]).to_string();
    for bytes in [LIMIT, 2 * LIMIT] {
        let detail = bench.refuses("file", &body(bytes), 413, "arguments-too-large").await;
        assert!(detail.contains("the body has more than 262144 bytes"), "{detail}");
    }
    let problem = problem(bench.host.client().call(file("a".to_owned(), "x".repeat(LIMIT))).await);
    assert_eq!(problem.kind, ProblemKind::ArgumentsTooLarge);
    let started = bench.host.client().start(file("a".to_owned(), "x".repeat(LIMIT))).await;
    assert!(matches!(started, Err(ClientError::Refused(problem)) if problem.kind == ProblemKind::ArgumentsTooLarge));
    assert_eq!(bench.contents().await, []);
    let largest = LIMIT - body(0).len();
    assert_eq!(bench.http.post("/functions/archive/file", body(largest)).await.json(), largest);
}

#[tokio::test]
async fn a_result_too_large() {
    let bench = Bench::new().await;
    let client = bench.host.client();
    let refused = problem(client.call(copy(LIMIT)).idempotency_key("k").await);
    assert_eq!(refused.kind, ProblemKind::TooLarge);
    assert!(refused.detail.contains("the result has 262146 bytes"), "{refused}");
    let over_http = bench.http.post_as("k", "/functions/archive/copy", LIMIT.to_string()).await;
    over_http.problem(500, "too-large");
    assert_eq!(bench.contents().await, []);
    assert_eq!(client.call(copy(LIMIT - 2)).idempotency_key("k").await.expect("a result").len(), LIMIT - 2);
}

#[tokio::test]
async fn an_observation_too_large_to_be_journaled() {
    let bench = Bench::new().await;
    for title in ["a", "b"] {
        bench.http.post("/functions/archive/fill", json!([title, LIMIT / 2]).to_string()).await;
    }
    let detail = bench.refuses("read_all", "", 500, "too-large").await;
    assert!(detail.contains("the result of `scan papers`") && detail.contains(".limit(..)"), "{detail}");
}

/// The intent is journaled before anybody can know how large the row is. Nothing else is: not the outcome in the
/// row, so that the same instance can be restarted when the row has become smaller.
#[tokio::test]
async fn a_conflict_too_large_to_be_journaled() {
    let bench = Bench::new().await;
    let client = bench.host.client();
    client.call(fill("a".to_owned(), LIMIT)).await.expect("a row");
    let rows = |contents: Vec<Attributes>| contents.into_iter().filter(|item| item.contains_key("title"));
    let before: Vec<_> = rows(bench.contents().await).collect();
    let answer = bench.http.post_as("k", "/functions/archive/file_new", r#"["a", "b"]"#).await;
    let detail = answer.problem(500, "too-large")["detail"].to_string();
    assert!(detail.contains("`papers` for which a condition does not hold has 262"), "{detail}");
    assert_eq!(rows(bench.scan().await).collect::<Vec<_>>(), before);
    let [(instance, error)] = &client.parked("archive").await.expect("an answer")[..] else { panic!("one is parked") };
    assert_eq!(*instance, InstanceId::from_idempotency_key("archive", "file_new", "k"));
    assert!(
        error.contains("step 1") && detail.contains(&error[error.find("the row").expect("what it is")..]),
        "{error}"
    );

    client.call(fill("a".to_owned(), LIMIT - 100)).await.expect("a smaller row");
    assert!(client.restart("archive", *instance).await.expect("an answer"));
    bench.host.settle().await.expect("a settled host");
    let again = client.call(file_new("a".to_owned(), "b".to_owned())).idempotency_key("k").await;
    assert_eq!(again.expect("a result"), Err(Some(LIMIT - 100)));
}
