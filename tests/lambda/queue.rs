use serde_json::{Value, json};

use crate::library::Lambda;

const BATCH: &str = include_str!("events/sqs.json");

fn failures(response: &Value) -> Vec<&str> {
    let failures = response["batchItemFailures"].as_array().expect("a list");
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().expect("an id")).collect()
}

/// A batch of messages of one group, in order.
fn of_one_group(bodies: &[Value]) -> String {
    let mut batch: Value = serde_json::from_str(BATCH).expect("JSON");
    let first = batch["Records"][0].clone();
    let records = bodies.iter().enumerate().map(|(number, body)| {
        let mut record = first.clone();
        record["messageId"] = json!(format!("message-{number}"));
        record["body"] = json!(body.to_string());
        record["attributes"]["MessageGroupId"] = json!("Dune");
        record
    });
    batch["Records"] = records.collect();
    batch.to_string()
}

#[tokio::test(start_paused = true)]
async fn what_is_malformed_fails_alone() {
    let lambda = Lambda::start().await;
    let response = lambda.send("library", BATCH, "request").await.expect("a response");
    let expected = ["2e1424d4-f796-459a-8184-9c92662be6da", "a6b1f0c2-3d4e-4f50-8161-728394a5b6c7"];
    assert_eq!(failures(&response), expected, "the second is no call, and the third is not for messages");
    assert_eq!(lambda.copies().await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_again_is_the_same_call() {
    let lambda = Lambda::start().await;
    lambda.send("library", BATCH, "request 1").await.expect("a response");
    let again = BATCH.replace(r#""ApproximateReceiveCount": "1""#, r#""ApproximateReceiveCount": "2""#);
    lambda.send("library", &again, "request 2").await.expect("a response");
    assert_eq!(lambda.copies().await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_function_s_own_error_is_an_answer_and_no_failure() {
    let lambda = Lambda::start().await;
    let batch = of_one_group(&[json!({ "function": "lend", "arguments": "Emma" })]);
    let response = lambda.send("library", &batch, "request").await.expect("a response");
    assert!(failures(&response).is_empty(), "{response}");
}

#[tokio::test(start_paused = true)]
async fn what_must_come_again_holds_up_its_group_and_what_is_malformed_does_not() {
    let lend = json!({ "function": "lend", "arguments": "Dune" });
    let malformed = json!({ "function": "burn" });
    let slow = json!({ "function": "bind", "arguments": "Dune" });
    let panics = json!({ "function": "tear", "arguments": "Nuvem" });
    for comes_again in [slow, panics] {
        let lambda = Lambda::start().await;
        let batch = [malformed.clone(), lend.clone(), comes_again, lend.clone(), malformed.clone()];
        let response = lambda.send("library", &of_one_group(&batch), "request").await.expect("a response");
        assert_eq!(failures(&response), ["message-0", "message-2", "message-3", "message-4"]);
        assert_eq!(lambda.copies().await, 2, "one was lent, and the last waits, though there is time for it");
    }
}
