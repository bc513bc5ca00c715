//! Input that cannot be accepted, over HTTP and from code: each has its own typed error, and nothing was
//! done. "Nothing" is looked up in the store: no row and no journal record in any table.

mod archive;
mod bench;
#[path = "../gateway/http.rs"]
mod http;
mod sizes;

use std::sync::Arc;

use beldi::ProblemKind;
use beldi::host::{HostError, LocalHost};
use beldi::store::tables::{TableError, TableErrors};
use beldi::store::{EmbeddedStore, KeyAttribute, ScalarType, SharedStore, TableSchema};
use hyper::Method;
use serde_json::json;

use archive::{file, pack};
use bench::{Bench, problem};

#[tokio::test]
async fn malformed_json() {
    let bench = Bench::new().await;
    for body in ["", "{", "{\"title\": \"a\", }", "[\"a\" \"b\"]", "title=a", "\"\\ud800", "nul", "[1,2] 3"] {
        let detail = bench.refuses("file", body, 400, "invalid-arguments").await;
        assert!(detail.contains("the body is"), "{detail}");
    }
    let problem = bench.invoke("file", "[\"a\",").await;
    assert_eq!(problem.kind, ProblemKind::InvalidArguments);
    assert_eq!(bench.contents().await, []);
}

#[tokio::test]
async fn wrong_types() {
    let bench = Bench::new().await;
    for body in [r#"{"title": 1, "text": "b"}"#, r#"["a", null]"#, r#"["\ud800", "b"]"#, r#"[["a"], "b"]"#] {
        let detail = bench.refuses("file", body, 400, "invalid-arguments").await;
        assert!(detail.contains("does not fit"), "{detail}");
    }
    let detail = bench.refuses("file", r#"{"text": 1, "title": "a"}"#, 400, "invalid-arguments").await;
    assert_eq!(
        detail,
        "the argument `text` of archive/file does not fit: invalid type: integer `1`, expected a string"
    );
    for body in ["-1", "1.5", "\"1\"", "[1]", "null", "18446744073709551616"] {
        bench.refuses("copy", body, 400, "invalid-arguments").await;
    }
    let problem = bench.invoke("file", "[1,2]").await;
    assert_eq!(problem.kind, ProblemKind::InvalidArguments);
    assert!(problem.detail.contains("invalid type: integer `1`, expected a string"), "{problem}");
    assert_eq!(bench.contents().await, []);
}

#[tokio::test]
async fn wrong_names_and_numbers_of_arguments() {
    let bench = Bench::new().await;
    let bodies = [
        (r#"{"title": "a"}"#, "`text` is missing"),
        (r#"{"title": "a", "text": "b", "more": 1}"#, "`more` is unknown"),
        (r#"{"title": "a", "title": "c", "text": "b"}"#, "`title` is there twice"),
        (r#"["a"]"#, "the array has 1 values"),
        ("\"a\"", "neither an object nor an array"),
    ];
    for (body, found) in bodies {
        let detail = bench.refuses("file", body, 400, "invalid-arguments").await;
        assert!(detail.contains(found) && detail.contains("the arguments `title`, `text`"), "{detail}");
    }
    let detail = bench.refuses("read_all", "1", 400, "invalid-arguments").await;
    assert!(detail.contains("takes no arguments"), "{detail}");
}

#[tokio::test]
async fn unknown_function() {
    let bench = Bench::new().await;
    bench.refuses("burn", "null", 404, "unknown-function").await;
    let elsewhere = bench.http.post("/functions/attic/file", "null").await;
    assert_eq!(elsewhere.problem(404, "unknown-function")["service"], "attic");
    let problem = bench.invoke("burn", "null").await;
    assert_eq!((problem.kind, problem.function.as_str()), (ProblemKind::UnknownFunction, "burn"));
    assert_eq!(bench.contents().await, []);
}

#[tokio::test]
async fn a_key_of_the_wrong_type() {
    let bench = Bench::new().await;
    let wrong = [(r#"["attic", "a"]"#, "Place` is stored as a map"), (r#"["cellar", ""]"#, "Label` is stored as null")];
    for (body, found) in wrong {
        let reading = bench.refuses("unpack", body, 500, "invalid-key").await;
        assert!(reading.contains(found) && reading.contains("strings, numbers or binary"), "{reading}");
        let writing = bench.refuses("pack", body, 500, "invalid-key").await;
        assert!(writing.contains("strings, numbers or binary"), "{writing}");
    }
    let problem = problem(bench.host.client().call(pack("attic".to_owned(), "a".to_owned())).await);
    assert_eq!((problem.kind, problem.step.as_deref()), (ProblemKind::InvalidKey, Some("1")));
    assert_eq!(bench.contents().await, []);
    assert_eq!(bench.http.post("/functions/archive/pack", r#"["cellar", "a"]"#).await.status.as_u16(), 200);
    assert_eq!(bench.http.post("/functions/archive/unpack", r#"["cellar", "a"]"#).await.json(), 1);
}

#[tokio::test]
async fn an_empty_key_and_keys_that_are_too_long() {
    let bench = Bench::new().await;
    let detail = bench.refuses("file", r#"["", "text"]"#, 500, "invalid-key").await;
    assert!(detail.contains("refuses empty keys"), "{detail}");
    let partition = json!(["x".repeat(2049), "text"]).to_string();
    let detail = bench.refuses("file", &partition, 500, "invalid-key").await;
    assert!(detail.contains("a key of 2049 bytes"), "{detail}");
    let sort = json!(["cellar", "x".repeat(1025)]).to_string();
    for function in ["pack", "unpack"] {
        let detail = bench.refuses(function, &sort, 500, "invalid-key").await;
        assert!(detail.contains("a key of 1025 bytes"), "{detail}");
    }
    assert_eq!(bench.contents().await, []);
}

#[tokio::test]
async fn a_number_that_dynamodb_does_not_have() {
    let bench = Bench::new().await;
    for (number, found) in [("NaN", "NaN"), ("-inf", "-inf"), ("1e126", "1000"), ("1e-131", "0.000")] {
        let detail = bench.refuses("weigh", &json!(number).to_string(), 500, "invalid-key").await;
        assert!(detail.contains(&format!("is {found}")) && detail.contains("38 digits up to 10^126"), "{detail}");
    }
    assert_eq!(bench.contents().await, []);
    assert_eq!(bench.http.post("/functions/archive/weigh", "\"-1e125\"").await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_reused_idempotency_key_with_other_arguments() {
    let bench = Bench::new().await;
    let path = "/functions/archive/file";
    let answer = bench.http.post_as("k", path, r#"{"title": "a", "text": "bc"}"#).await;
    assert_eq!(answer.json(), 2);
    let again = bench.http.post_as("k", path, r#"{"text":"bc","title":"a"}"#).await;
    assert_eq!((again.status, again.json()), (answer.status, json!(2)));
    let before = bench.contents().await;
    for body in [r#"["a", "bcd"]"#, r#"["b", "bc"]"#] {
        let reused = bench.http.post_as("k", path, body).await;
        assert_eq!(reused.header("beldi-instance"), answer.header("beldi-instance"));
        reused.problem(422, "idempotency-key-reused");
        let headers = [("content-type", "application/json"), ("idempotency-key", "k"), ("prefer", "respond-async")];
        bench.http.send(Method::POST, path, &headers, body).await.problem(422, "idempotency-key-reused");
    }
    let client = bench.host.client();
    let reused = problem(client.call(file("a".to_owned(), String::new())).idempotency_key("k").await);
    assert_eq!(reused.kind, ProblemKind::IdempotencyKeyReused);
    assert_eq!(bench.contents().await, before);
    assert_eq!(client.call(file("a".to_owned(), "bc".to_owned())).idempotency_key("k").await.expect("a result"), 2);
    assert_eq!(bench.http.post_as("k", "/functions/archive/copy", "1").await.json(), "x");
}

#[tokio::test]
async fn a_table_with_another_key() {
    // A table of its own: others use the right one at the endpoint.
    let store: SharedStore = Arc::new(EmbeddedStore::in_memory().expect("a store"));
    let other = TableSchema::new("papers", KeyAttribute::new("number", ScalarType::Number), None);
    store.create_table(other.clone()).await.expect("a table");
    let Err(HostError::Tables(TableErrors(errors))) = LocalHost::builder(Arc::clone(&store)).start().await else {
        panic!("a host on the wrong table")
    };
    let [TableError::Key { table, expected, found }] = errors.as_slice() else { panic!("{errors:?}") };
    assert_eq!((table.as_str(), found), ("papers", &other.key));
    assert_eq!(expected.partition, KeyAttribute::new("title", ScalarType::String));
    let message = errors[0].to_string();
    assert!(
        message.contains("`papers` has the key `number` (N)") && message.contains("expects `title` (S)"),
        "{message}"
    );
    assert_eq!(store.describe_table("papers").await.expect("a description"), Some(other));
    for table in ["cartons", "archive-journal"] {
        assert_eq!(store.describe_table(table).await.expect("no description"), None, "{table}");
    }
}
