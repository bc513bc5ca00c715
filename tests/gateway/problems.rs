//! Requests that HTTP itself makes wrong, hosts that cannot serve, functions that cannot run.

use beldi::host::GatewayError;
use hyper::Method;
use serde_json::json;

use crate::library::Bench;

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_problems() {
    let Bench { http, .. } = Bench::new().await;
    for path in ["/", "/functions/library", "/functions/library/add/more", "/functions/%ff/add"] {
        http.send(Method::POST, path, &[("content-type", "application/json")], "1").await.problem(404, "unknown-path");
    }
    let wrong = [(Method::GET, "/functions/library/add", "POST"), (Method::DELETE, "/functions", "GET,HEAD")];
    for (method, path, allowed) in wrong {
        let answer = http.send(method, path, &[], "").await;
        answer.problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), allowed);
    }
}

#[tokio::test]
async fn a_body_must_say_that_it_is_json() {
    let bench = Bench::new().await;
    let path = "/functions/library/ticket";
    let forms: [&[(&str, &str)]; 4] = [
        &[],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "text/plain")],
        &[("content-type", "application/jsonp")],
    ];
    for headers in forms {
        let problem =
            bench.http.send(Method::POST, path, headers, "\"ann\"").await.problem(415, "unsupported-media-type");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("application/json")));
    }
    assert_eq!(bench.host.statistics().attempts, 0);
    for json in ["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"] {
        let answer = bench.http.send(Method::POST, path, &[("content-type", json)], "\"ann\"").await;
        assert_eq!(answer.status.as_u16(), 200, "{json}");
    }
}

#[tokio::test]
async fn an_idempotency_key_is_short_and_printable() {
    let bench = Bench::new().await;
    let path = "/functions/library/ticket";
    let long = "k".repeat(256);
    for key in ["", "caf\u{e9}", "a\tb", long.as_str()] {
        let answer = bench.http.post_as(key, path, "\"ann\"").await;
        let problem = answer.problem(400, "invalid-idempotency-key");
        assert_eq!((&problem["service"], &problem["function"]), (&json!("library"), &json!("ticket")));
    }
    let twice = [("content-type", "application/json"), ("idempotency-key", "a"), ("idempotency-key", "b")];
    bench.http.send(Method::POST, path, &twice, "\"ann\"").await.problem(400, "invalid-idempotency-key");
    assert_eq!(bench.host.statistics().attempts, 0);
    for key in ["k".repeat(255).as_str(), "!~ \"quoted\""] {
        assert_eq!(bench.http.post_as(key, path, "\"ann\"").await.status.as_u16(), 200);
    }
}

#[tokio::test]
async fn a_function_that_cannot_run_now_is_unavailable() {
    let bench = Bench::with_deaths(100).await;
    let answer = bench.http.post("/functions/library/ticket", "\"ann\"").await;
    let problem = answer.problem(503, "unavailable");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("died")), "{problem}");
    assert_eq!(problem["instance"], format!("/instances/library/{}", answer.header("beldi-instance")));
    assert_eq!(answer.header("retry-after"), "1");
    let tries = u64::from(bench.environment().settings.call_tries);
    assert_eq!(bench.host.statistics().attempts, tries);
}

#[tokio::test]
async fn a_panic_is_told_at_once_by_the_function_and_by_its_caller() {
    let bench = Bench::new().await;
    let functions = [("explode", "panicked", 1), ("light", "callee-failed", 2)];
    for (function, kind, attempts) in functions {
        let before = bench.host.statistics().attempts;
        let answer = bench.http.post(&format!("/functions/library/{function}"), "\"Emma\"").await;
        let problem = answer.problem(500, kind);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("no Emma today")), "{problem}");
        assert_eq!(bench.host.statistics().attempts - before, attempts);
    }
}

#[tokio::test]
async fn only_loopback_addresses_are_served() {
    let Bench { host, gateway, .. } = Bench::new().await;
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let address = address.parse::<std::net::SocketAddr>().expect("an address");
        let error = host.serve(address).await.expect_err("no gateway");
        assert!(matches!(error, GatewayError::NotLoopback { address: named } if named == address), "{error}");
        assert!(error.to_string().contains(&address.to_string()));
    }
    let error = host.serve(gateway.address()).await.expect_err("the port is taken");
    assert!(matches!(error, GatewayError::Bind { .. }), "{error}");
}
