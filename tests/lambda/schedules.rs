use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use crate::library::Lambda;

/// Begins an instance whose attempt ends before it does.
async fn begin(lambda: &Lambda) {
    let event = json!({ "function": "restore", "arguments": ["Dune", 20] }).to_string();
    let deadline = lambda.seconds_from_now(5);
    let answer = lambda.host("library").handle(&event, "request 1", Some(deadline)).await;
    assert!(answer.reply.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_collector_starts_what_is_due_in_a_function_of_its_own() {
    for collect in [r#"{"beldi": "collect"}"#, include_str!("events/schedule_rule.json")] {
        let lambda = Lambda::start().await;
        begin(&lambda).await;
        let round = lambda.send("library", collect, "request 2").await.expect("an answer");
        assert_eq!(round, json!({ "started": 0, "parked": 0, "missed": 0 }), "its attempt may still live");
        tokio::time::advance(Duration::from_secs(60)).await;
        let round = lambda.send("library", collect, "request 3").await.expect("an answer");
        assert_eq!(round["started"], 1);
        assert_eq!(lambda.deliver_events().await, 1);
        tokio::time::advance(Duration::from_secs(60)).await;
        let round = lambda.send("library", collect, "request 4").await.expect("an answer");
        assert_eq!(round["started"], 0, "it is done");
        assert_eq!(lambda.copies().await, 4);
    }
}

#[tokio::test(start_paused = true)]
async fn garbage_is_collected_of_this_service() {
    let lambda = Lambda::start().await;
    let lend = json!({ "function": "lend", "arguments": "Dune" });
    lambda.call("library", lend, "request 1").await.expect("an answer");
    let collect = r#"{"beldi": "collect-garbage"}"#;
    let mut reclaimed = 0;
    for _ in 0..3 {
        tokio::time::advance(Duration::from_secs(8 * 24 * 3600)).await;
        let garbage = lambda.send("library", collect, "request").await.expect("an answer");
        reclaimed += garbage["results"].as_u64().expect("a number") + garbage["records"].as_u64().expect("a number");
    }
    assert!(reclaimed > 0);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_triggered_is_no_failed_attempt() {
    let lambda = Lambda::start().await;
    begin(&lambda).await;
    lambda.throttled.store(true, Ordering::SeqCst);
    let collect = r#"{"beldi": "collect"}"#;
    for round in 0..20 {
        tokio::time::advance(Duration::from_secs(60)).await;
        let found = lambda.send("library", collect, &format!("round {round}")).await.expect("an answer");
        assert_eq!(found, json!({ "started": 1, "parked": 0, "missed": 0 }));
    }
    lambda.throttled.store(false, Ordering::SeqCst);
    // It was given back at once, and waits for no deadline of an attempt that never was.
    lambda.send("library", collect, "the last round").await.expect("an answer");
    assert_eq!(lambda.deliver_events().await, 1);
    assert_eq!(lambda.copies().await, 4);
}
