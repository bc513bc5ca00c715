//! What the journal says of an instance.

use serde_json::{Value, json};

use crate::library::{Bench, GATES};

/// Asks until the instance is done: the mark in its journal may follow the reply.
async fn done(bench: &Bench, path: &str) -> Value {
    loop {
        let view = bench.http.get(path).await;
        assert_eq!(view.status.as_u16(), 200, "{view:?}");
        if view.json()["status"] == "done" {
            return view.json();
        }
    }
}

#[tokio::test]
async fn a_done_instance_tells_what_it_returned() {
    let bench = Bench::new().await;
    bench.http.post("/functions/library/add", r#"["Emma", 1]"#).await;
    let lent = bench.http.post_as("ann", "/functions/library/lend", "\"Emma\"").await;
    let refused = bench.http.post_as("bob", "/functions/library/lend", "\"Emma\"").await;
    let ticket = bench.http.post_as("ann", "/functions/library/ticket", "\"ann\"").await;
    let expected = [
        ("lend", &lent, "ok", json!(0)),
        ("lend", &refused, "error", json!({ "AllLent": { "waiting": 1 } })),
        ("ticket", &ticket, "ok", ticket.json()),
    ];
    for (function, answer, outcome, result) in expected {
        let instance = answer.header("beldi-instance");
        let view = done(&bench, &format!("/instances/library/{instance}")).await;
        let expected = json!({
            "service": "library", "function": function, "instance": instance,
            "status": "done", "outcome": outcome, "result": result,
        });
        assert_eq!(view, expected);
    }
}

#[tokio::test]
async fn a_running_instance_tells_when_it_is_due_again() {
    let bench = Bench::new().await;
    let ask = async { bench.http.post_as("k", "/functions/library/wait", "0").await };
    let look = async {
        GATES[0].reached().await;
        let instance = beldi::InstanceId::from_idempotency_key("library", "wait", "k");
        let path = format!("/instances/library/{instance}");
        let view = bench.http.get(&path).await.json();
        assert_eq!(
            (&view["status"], &view["function"], &view["attempts"]),
            (&json!("running"), &json!("wait"), &json!(1))
        );
        assert!(view["due_ms"].as_u64() > Some(bench.environment().world.now_ms()));
        assert_eq!(view.get("error"), None);
        GATES[0].open();
        path
    };
    let (answer, path) = tokio::join!(ask, look);
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!(0)));
    assert_eq!(done(&bench, &path).await["result"], 0);
}

#[tokio::test]
async fn a_parked_instance_tells_why() {
    let bench = Bench::new().await;
    let answer = bench.http.post_as("k", "/functions/library/half", "\"Emma\"").await;
    let problem = answer.problem(500, "invalid-key");
    assert_eq!(
        (&problem["service"], &problem["function"], &problem["step"]),
        (&json!("library"), &json!("half"), &json!("2"))
    );
    let path = format!("/instances/library/{}", answer.header("beldi-instance"));
    assert_eq!(problem["instance"], path);
    let view = bench.http.get(&path).await.json();
    assert_eq!(view["status"], "parked");
    assert!(view["error"].as_str().is_some_and(|error| error.contains("DynamoDB refuses empty keys")), "{view}");
    let again = bench.http.post_as("k", "/functions/library/half", "\"Emma\"").await;
    assert_eq!(again.problem(500, "parked")["instance"], path);
    assert_eq!(bench.copies("Emma").await, Some(1));
}

#[tokio::test]
async fn what_never_was_is_not_found() {
    let Bench { http, .. } = Bench::new().await;
    let id = "0".repeat(32);
    for path in [format!("/instances/library/{id}"), format!("/instances/nowhere/{id}"), "/instances/library/7".into()]
    {
        http.get(&path).await.problem(404, "unknown-instance");
    }
}
