//! Input that cannot be accepted, over HTTP and from code: each has its own typed error, and nothing was
//! done. "Nothing" is looked up in the store: no row and no journal record in any table.

#[path = "gateway/http.rs"]
mod http;

use std::sync::Arc;

use beldi::host::{HostError, LocalHost};
use beldi::prelude::*;
use beldi::store::tables::{self, TableError, TableErrors};
use beldi::store::{Attributes, EmbeddedStore, KeyAttribute, ScalarType, ScanItems, SharedStore, TableSchema};
use beldi::{ClientError, Delivery, InstanceId, Invocation, InvokeError, Invoker, Problem, ProblemKind};
use hyper::Method;
use serde_json::json;

use http::Http;

beldi::service!(pub(crate) Archive = "archive");

/// The limit of arguments, results and journaled observations.
const LIMIT: usize = 256 * 1024;

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Archive, table = "papers")]
pub(crate) struct Paper {
    #[beldi(partition_key)]
    pub(crate) title: String,
    pub(crate) text: String,
}

/// A key by its type, but not with every value.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub(crate) enum Place {
    Cellar,
    /// A map, as serde writes it.
    Elsewhere(String),
}

/// Read as a string, but written as null where it is empty.
#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(from = "String", into = "Option<String>")]
pub(crate) struct Label(String);

impl From<String> for Label {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Label> for Option<String> {
    fn from(label: Label) -> Self {
        Some(label.0).filter(|text| !text.is_empty())
    }
}

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Archive, table = "cartons")]
pub(crate) struct Carton {
    #[beldi(partition_key)]
    pub(crate) place: Place,
    #[beldi(sort_key)]
    pub(crate) label: Label,
    pub(crate) papers: u32,
}

#[beldi::function(service = Archive)]
pub(crate) async fn file(title: String, text: String) -> usize {
    let bytes = text.len();
    Paper { title, text }.put().await;
    bytes
}

/// Makes an item that is much larger than its arguments.
#[beldi::function(service = Archive)]
pub(crate) async fn fill(title: String, bytes: usize) {
    Paper { title, text: "x".repeat(bytes) }.put().await;
}

#[beldi::function(service = Archive)]
pub(crate) async fn pack(kind: String, label: String) {
    let place = if kind == "cellar" { Place::Cellar } else { Place::Elsewhere(kind) };
    Carton { place, label: Label(label), papers: 1 }.put().await;
}

#[beldi::function(service = Archive)]
pub(crate) async fn unpack(kind: String, label: String) -> Option<u32> {
    let place = if kind == "cellar" { Place::Cellar } else { Place::Elsewhere(kind) };
    Carton::get((place, Label(label))).await.map(|found| found.papers)
}

#[beldi::function(service = Archive)]
pub(crate) async fn copy(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// Journals what it has read.
#[beldi::function(service = Archive)]
pub(crate) async fn read_all() -> usize {
    let papers = Paper::scan().await.items;
    Paper { title: "index".to_owned(), text: String::new() }.put().await;
    papers.len()
}

struct Bench {
    host: LocalHost,
    http: Http,
    store: SharedStore,
}

impl Bench {
    async fn new() -> Self {
        let store: SharedStore = Arc::new(EmbeddedStore::in_memory().expect("a store"));
        let host = LocalHost::builder(Arc::clone(&store)).collect_every(None).start().await.expect("a host");
        let gateway = host.serve(([127, 0, 0, 1], 0)).await.expect("a gateway");
        Self { host, http: Http::new(gateway), store }
    }

    /// Everything that is in any table: rows and journal records, once no instance is running.
    async fn contents(&self) -> Vec<Attributes> {
        loop {
            let contents = self.scan().await;
            // An instance leaves the index of those that run when it is marked as done, which follows its reply.
            if !contents.iter().any(|item| item.contains_key(tables::JOURNAL_SHARD)) {
                return contents;
            }
        }
    }

    async fn scan(&self) -> Vec<Attributes> {
        let registry = self.host.environment().registry;
        let schemas = tables::schemas(registry.tables(), registry.services()).expect("tables that can be");
        let mut contents = Vec::new();
        for TableSchema { name: table, .. } in schemas {
            let placeholders = Default::default();
            let scan = ScanItems { table, filter: None, placeholders, limit: None, start: None, consistent: true };
            contents.extend(self.store.scan(scan).await.expect("a page").items);
        }
        contents
    }

    /// Posts a body that is refused, with a key and without: a problem of this kind, and no change.
    async fn refuses(&self, function: &str, body: &str, status: u16, kind: &str) -> String {
        let before = self.contents().await;
        let path = format!("/functions/archive/{function}");
        let with_key = self.http.post_as("a key", &path, body).await.problem(status, kind);
        let answer = self.http.post(&path, body).await;
        let problem = answer.problem(status, kind);
        assert_eq!((&problem["service"], &problem["function"]), (&json!("archive"), &json!(function)));
        assert_eq!(problem["title"], with_key["title"]);
        if kind != "unknown-function" {
            let instance = format!("/instances/archive/{}", answer.header("beldi-instance"));
            assert_eq!(problem["instance"], instance);
            self.http.get(&instance).await.problem(404, "unknown-instance");
        }
        assert_eq!(self.contents().await, before, "{function} {}", body.chars().take(100).collect::<String>());
        problem["detail"].as_str().expect("a detail").to_owned()
    }

    /// Delivers an invocation as another host would.
    async fn invoke(&self, function: &str, arguments: &str) -> Problem {
        let invocation = Invocation {
            service: "archive".to_owned(),
            function: function.to_owned(),
            instance: InstanceId::from_u128(7),
            arguments: arguments.to_owned(),
            caller: None,
            delivery: Delivery::First,
        };
        match self.host.invoke(invocation).await {
            Err(InvokeError::Refused(problem)) => *problem,
            other => panic!("{other:?}"),
        }
    }
}

fn problem<T: std::fmt::Debug>(result: Result<T, ClientError>) -> Problem {
    match result {
        Err(ClientError::Refused(problem)) => *problem,
        other => panic!("{other:?}"),
    }
}

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
        assert!(detail.contains("do not fit"), "{detail}");
    }
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
