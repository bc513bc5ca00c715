use std::time::SystemTime;

use beldi::World;
use serde_json::json;

use crate::library::Lambda;

#[tokio::test(start_paused = true)]
async fn an_attempt_ends_before_lambda_ends_it_and_a_later_one_finishes() {
    let lambda = Lambda::start().await;
    let event = json!({ "function": "restore", "arguments": ["Dune", 20] }).to_string();
    let deadline = lambda.seconds_from_now(5);
    let answer = lambda.host("library").handle(&event, "request 1", Some(deadline)).await;
    let error = answer.reply.expect_err("there was not enough time");
    assert_eq!(error.kind, "beldi.unavailable");
    assert!(lambda.seconds_from_now(0) < deadline, "Lambda would have ended it");
    assert_eq!(lambda.copies().await, 4, "it had begun");
    let deadline = lambda.seconds_from_now(60);
    let answer = lambda.host("library").handle(&event, "request 1", Some(deadline)).await;
    assert!(answer.reply.is_ok());
    assert_eq!(lambda.copies().await, 4, "and went on where it was");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_in_the_past_is_none() {
    let lambda = Lambda::start().await;
    let event = json!({ "function": "restore", "arguments": ["Dune", 20] }).to_string();
    let answer = lambda.host("library").handle(&event, "request 1", Some(SystemTime::UNIX_EPOCH)).await;
    assert!(answer.reply.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_over_http_that_takes_too_long_is_told_in_time() {
    let lambda = Lambda::start().await;
    let event = include_str!("events/http_api.json")
        .replace("/lend", "/restore")
        .replace(r#""\"Dune\"""#, r#""[\"Dune\", 20]""#);
    let deadline = lambda.seconds_from_now(5);
    let answer = lambda.host("library").handle(&event, "request 1", Some(deadline)).await;
    let reply = answer.reply.expect("a response").get().to_owned();
    assert!(reply.contains(r#""statusCode":503"#), "{reply}");
    assert!(lambda.clock.now_ms() > 0);
    assert!(lambda.seconds_from_now(0) < deadline);
}
