use serde_json::{Value, json};

use crate::library::Lambda;

const EVENTS: [(&str, &str); 3] = [
    ("HTTP API", include_str!("events/http_api.json")),
    ("function URL", include_str!("events/function_url.json")),
    ("REST API", include_str!("events/rest_api.json")),
];

async fn answer(lambda: &Lambda, event: &str) -> Value {
    lambda.send("library", event, "request").await.expect("a response")
}

fn changed(event: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut event = serde_json::from_str(event).expect("JSON");
    change(&mut event);
    event.to_string()
}

#[tokio::test(start_paused = true)]
async fn a_request_of_each_kind_of_api_is_a_call() {
    for (kind, event) in EVENTS {
        let lambda = Lambda::start().await;
        let response = answer(&lambda, event).await;
        assert_eq!(response["statusCode"], 200, "{kind}: {response}");
        assert_eq!(response["body"], "2", "{kind}");
        assert_eq!(response["headers"]["content-type"], "application/json", "{kind}");
        assert_eq!(response["isBase64Encoded"], false, "{kind}");
        assert!(response["headers"]["beldi-instance"].is_string(), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idempotency_key_names_the_instance() {
    let lambda = Lambda::start().await;
    let (_, event) = EVENTS[0];
    let first = answer(&lambda, event).await;
    assert_eq!(answer(&lambda, event).await, first);
    assert_eq!(lambda.copies().await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_function_s_own_error_has_a_status() {
    let lambda = Lambda::start().await;
    let event = changed(EVENTS[2].1, |event| event["body"] = json!("\"Emma\""));
    let response = answer(&lambda, &event).await;
    assert_eq!((&response["statusCode"], &response["body"]), (&json!(422), &json!("\"NoSuchBook\"")));
    assert_eq!(response["headers"]["beldi-outcome"], "error");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_told_with_a_status_and_never_as_a_lambda_error() {
    let lambda = Lambda::start().await;
    let (_, http) = EVENTS[0];
    let path = |path: &str| changed(http, |event| event["rawPath"] = json!(path));
    let body = |body: &str| changed(http, |event| event["body"] = json!(body));
    for (what, event, status, says) in [
        ("another service's function", path("/prod/functions/desk/borrow"), 404, "desk/borrow"),
        ("no such path", path("/prod/elsewhere"), 404, "/functions/{service}/{name}"),
        ("arguments that do not fit", body("7"), 400, "lend"),
        ("no JSON", body("Dune, please"), 400, "lend"),
        ("no base64", changed(EVENTS[1].1, |event| event["body"] = json!("?")), 400, "base64"),
        ("no content type", changed(http, |event| event["headers"] = json!({})), 415, "Content-Type"),
        ("half an event", changed(EVENTS[2].1, |event| event["headers"] = json!(7)), 400, "no request of API Gateway"),
    ] {
        let response = answer(&lambda, &event).await;
        assert_eq!(response["statusCode"], status, "{what}: {response}");
        assert_eq!(response["headers"]["content-type"], "application/problem+json", "{what}");
        let body = response["body"].as_str().expect("a body");
        assert!(body.contains(says), "{what}: {body}");
    }
    assert_eq!(lambda.copies().await, 3, "nothing was done");
}

#[tokio::test(start_paused = true)]
async fn health_and_the_functions_of_this_service_alone_can_be_read() {
    let lambda = Lambda::start().await;
    let get = |path: &str| {
        changed(EVENTS[0].1, |event| {
            event["rawPath"] = json!(path);
            event["requestContext"]["http"]["method"] = json!("GET");
            event["body"] = Value::Null;
        })
    };
    assert_eq!(answer(&lambda, &get("/prod/health")).await["statusCode"], 200);
    let functions = answer(&lambda, &get("/prod/functions")).await["body"].to_string();
    assert!(functions.contains("lend") && !functions.contains("borrow"), "{functions}");
}
