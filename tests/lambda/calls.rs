use std::time::Duration;

use beldi::Settings;
use beldi::host::LambdaHost;
use serde_json::json;

use crate::library::Lambda;

#[tokio::test(start_paused = true)]
async fn a_direct_call_gives_the_result_and_its_instance() {
    let lambda = Lambda::start().await;
    let event = json!({ "function": "lend", "arguments": "Dune", "idempotency_key": "loan 1" });
    let first = lambda.call("library", event.clone(), "request 1").await.expect("an answer");
    assert_eq!(first["result"], json!({ "Ok": 2 }));
    let again = lambda.call("library", event, "request 2").await.expect("an answer");
    assert_eq!(again, first, "the same key is the same instance");
    assert_eq!(lambda.copies().await, 2);
}

/// `null` was taken for no arguments: a function whose argument is optional could not be called without one, and who
/// sends a queue such messages saw all of them fail.
#[tokio::test(start_paused = true)]
async fn null_is_an_argument() {
    let lambda = Lambda::start().await;
    for (arguments, count) in [(json!(null), 3), (json!("Dune"), 3), (json!("Emma"), 0)] {
        let event = json!({ "function": "count", "arguments": arguments });
        assert_eq!(lambda.call("library", event, &format!("{arguments}")).await.expect("an answer")["result"], count);
    }
    let absent = lambda.call("library", json!({ "function": "count" }), "request").await;
    assert_eq!(absent.expect_err("no arguments").kind, "beldi.invalid-arguments");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_lambda_delivers_again_is_the_same_call() {
    let lambda = Lambda::start().await;
    let event = json!({ "function": "lend", "arguments": "Dune" });
    let first = lambda.call("library", event.clone(), "request 1").await.expect("an answer");
    assert_eq!(lambda.call("library", event.clone(), "request 1").await.expect("an answer"), first);
    let other = lambda.call("library", event, "request 2").await.expect("an answer");
    assert_ne!(other["instance"], first["instance"]);
    assert_eq!(lambda.copies().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_function_s_own_error_is_a_result_through_two_services() {
    let lambda = Lambda::start().await;
    let event = json!({ "function": "desk/borrow", "arguments": "Emma" });
    let answer = lambda.call("desk", event, "request 1").await.expect("no Lambda error");
    assert_eq!(answer["result"], json!({ "Err": "NoSuchBook" }));
    let event = json!({ "function": "borrow", "arguments": "Dune" });
    assert_eq!(lambda.call("desk", event, "request 2").await.expect("an answer")["result"], json!({ "Ok": 2 }));
}

#[tokio::test(start_paused = true)]
async fn a_detached_call_runs_after_the_reply_and_in_a_function_of_its_own() {
    let lambda = Lambda::start().await;
    lambda.call("desk", json!({ "function": "order", "arguments": "Dune" }), "request 1").await.expect("an answer");
    assert_eq!(lambda.copies().await, 3, "it is only accepted");
    assert_eq!(lambda.deliver_events().await, 1);
    assert_eq!(lambda.copies().await, 5);
}

#[tokio::test(start_paused = true)]
async fn a_detached_direct_call_is_answered_when_it_is_durable() {
    let lambda = Lambda::start().await;
    let event = json!({ "function": "lend", "arguments": "Dune", "detached": true });
    let answer = lambda.call("library", event, "request 1").await.expect("an answer");
    assert!(answer["instance"].is_string() && answer.get("result").is_none(), "{answer}");
    assert_eq!(lambda.copies().await, 3, "it is only accepted");
    assert_eq!(lambda.deliver_events().await, 1);
    assert_eq!(lambda.copies().await, 2);
    // What has no effect could not be asked for later: it answers at once.
    let event = json!({ "function": "copies", "arguments": "Dune", "detached": true });
    assert_eq!(lambda.call("library", event, "request 2").await.expect("an answer")["result"], 2);
}

#[test]
fn results_that_are_kept_too_shortly_for_late_deliveries_are_refused() {
    let second = Duration::from_secs(1);
    let settings = Settings {
        timeout: second,
        longest_timeout: second,
        margin: second,
        retention: Duration::from_secs(599),
        ..Settings::default()
    };
    let error = LambdaHost::builder("library").settings(settings.clone()).build().err().expect("no host");
    assert!(error.to_string().contains("599s") && error.to_string().contains("600s"), "{error}");
    let enough = Settings { retention: Duration::from_secs(600), ..settings };
    assert!(LambdaHost::builder("library").settings(enough).build().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_finished_instance_is_marked_after_the_reply() {
    let lambda = Lambda::start().await;
    let event = json!({ "function": "lend", "arguments": "Dune" }).to_string();
    let answer = lambda.host("library").handle(&event, "request 1", None).await;
    assert!(answer.reply.is_ok());
    assert!(!answer.rest.is_empty(), "the reply does not wait for the mark");
    answer.rest.run().await;
    // Who asks again finds the result, and nothing is left to do.
    let answer = lambda.host("library").handle(&event, "request 1", None).await;
    assert!(answer.rest.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_called_is_a_lambda_error_that_says_why() {
    let lambda = Lambda::start().await;
    for (event, kind, says) in [
        (json!({ "function": "burn" }), "beldi.unknown-function", "library/lend"),
        (json!({ "function": "desk/borrow", "arguments": "Dune" }), "beldi.unknown-function", "`desk/borrow`"),
        (json!({ "function": "lend" }), "beldi.invalid-arguments", "title"),
        (json!({ "function": "lend", "arguments": 7 }), "beldi.invalid-arguments", "string"),
        (json!({ "function": "lend", "argument": "Dune" }), "beldi.malformed-event", "`argument`"),
        (json!({ "beldi": "destroy" }), "beldi.malformed-event", "`destroy`"),
        (json!({ "hello": "world" }), "beldi.malformed-event", "neither a call"),
        (json!([1]), "beldi.malformed-event", "no JSON object"),
    ] {
        let error = lambda.call("library", event.clone(), "request").await.expect_err("no answer");
        assert_eq!(error.kind, kind, "{event}: {error}");
        assert!(error.message.contains(says), "{event}: {error}");
    }
    let error = lambda.send("library", "{", "request").await.expect_err("no answer");
    assert_eq!(error.kind, "beldi.malformed-event");
    let error = lambda.send("library", include_str!("events/s3.json"), "request").await.expect_err("no answer");
    assert!(error.message.contains("aws:s3"), "{error}");
    assert_eq!(lambda.copies().await, 3, "nothing was done");
}

#[tokio::test(start_paused = true)]
async fn an_invocation_for_another_service_is_refused() {
    let lambda = Lambda::start().await;
    let invocation = json!({
        "service": "library", "function": "lend", "instance": lambda.clock_id(), "arguments": "[\"Dune\"]",
        "caller": null, "delivery": "First",
    });
    let event = json!({ "beldi": { "invocation": invocation } });
    let error = lambda.call("desk", event, "request").await.expect_err("no answer");
    assert!(error.message.contains("BELDI_FUNCTIONS"), "{error}");
    assert_eq!(lambda.copies().await, 3);
}
