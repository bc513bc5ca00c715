//! What a body may hold, and how its steps are numbered.

use super::{codes, text, tokens};
use crate::function::function;

/// The codes of the mistakes in a function of `Hotel` with this body.
fn of(body: &str) -> Vec<u16> {
    codes(function(tokens("service = Hotel"), &tokens(&format!("async fn reserve() {{ {body} }}"))))
}

/// The expansion of a function of `Hotel` with this body.
fn expanded(options: &str, body: &str) -> String {
    let options = tokens(&format!("service = Hotel, {options}"));
    text(&function(options, &tokens(&format!("async fn reserve() {{ {body} }}"))))
}

#[test]
fn steps_are_numbered_in_the_order_of_the_source() {
    let expanded = expanded(
        "",
        r#"
        let a = one().await;
        let b = two(three().await).await;
        if a { four().await } else { five().await }
        for x in y { six(x).await?; }
        println!("{} {x}", seven().await, x = eight().await);
        "#,
    );
    let steps = ["one()", "three()", "two(", "four()", "five()", "six(x)", "seven()", "eight()"];
    for (index, step) in steps.iter().enumerate() {
        let call = format!("::beldi::__private::step::<Hotel,_>(&__cx,{},::core::convert::identity({step}", index + 1);
        assert!(expanded.contains(&call), "{call} in {expanded}");
    }
}

#[test]
fn branches_have_contexts_of_their_own() {
    let body = "let (a, b) = beldi::join!(one(), async { two().await; three().await }); four().await";
    let expanded = expanded("read_only", body);
    for call in [
        "::beldi::__private::join(&__cx,1)",
        "observe::<Hotel,_>(&__cx_1_0,2,branch_0)",
        "observe::<Hotel,_>(&__cx_1_1,3,::core::convert::identity(two()))",
        "observe::<Hotel,_>(&__cx_1_1,4,::core::convert::identity(three()))",
        "observe::<Hotel,_>(&__cx,5,::core::convert::identity(four()))",
    ] {
        assert!(expanded.contains(call), "{call} in {expanded}");
    }
}

#[test]
fn external_actions_are_left_alone() {
    let body = r#"
        let done = beldi::external("pay", |key| async move {
            let now = Instant::now();
            tokio::spawn(async { reqwest::get("..").await });
            now
        })
        .retry(RetryPolicy::tries(3))
        .await;
        external("again", |_| async { rand::random() }).await;
    "#;
    assert_eq!(of(body), []);
    let expanded = expanded("", body);
    assert!(expanded.contains("tokio::spawn(async{reqwest::get(\"..\").await})"), "{expanded}");
}

#[test]
fn well_known_nondeterminism() {
    for (code, body) in [
        (1, "tokio::time::sleep(second).await"),
        (1, "tokio::time::timeout(second, reserve()).await.is_ok()"),
        (1, "reqwest::Client::new().get(url).send().await?"),
        (2, "let now = std::time::SystemTime::now();"),
        (2, "let at = value.unwrap_or_else(Utc::now);"),
        (2, "println!(\"{:?}\", Instant::now())"),
        (2, "let json = json!({ \"at\": Timestamp::now() });"),
        (3, "let dice: u8 = rand::random();"),
        (3, "let id = Uuid::new_v4();"),
        (3, "let mut rng = rand::rngs::OsRng;"),
        (4, "let home = std::env::var(\"HOME\");"),
        (4, "let file = std::fs::read_to_string(\"a.txt\");"),
        (4, "use std::env::var;"),
        (5, "std::thread::spawn(|| 1);"),
        (5, "tokio::spawn(reserve());"),
        (5, "spawn(async { reserve().await });"),
        (5, "let free = futures::executor::block_on(reserve());"),
        (5, "tokio::task::spawn_blocking(|| 1).await"),
        (6, "tokio::select! { a = one() => a, b = two() => b }"),
        (6, "let both = tokio::join!(one(), two());"),
        (6, "futures::future::join_all(calls).await"),
    ] {
        assert_eq!(of(body), [code], "{body}");
    }
}

#[test]
fn what_only_looks_similar() {
    for body in [
        "let rng = StdRng::seed_from_u64(beldi::random().await);",
        "let rng = fastrand::Rng::with_seed(1);",
        "let id = beldi::uuid().await;",
        "let now = beldi::now().await;",
        "let instant: Instant = value.at;",
        "let c = crate::thread::current();",
        "monsters::spawn(dragon).await",
        "let id = Uuid::from_u128(1);",
        "let path = env!(\"CARGO_PKG_NAME\");",
        "let all = assert!(matches!(one().await, Some(n) if n > 3), \"{}\", vec![two().await; 3].len());",
    ] {
        assert_eq!(of(body), [], "{body}");
    }
}

#[test]
fn awaits_that_are_no_steps() {
    for (code, body) in [
        (7, "let f = async || one().await;"),
        (7, "let f = |x| async move { x.await };"),
        (7, "let f = async { one().await };"),
        (7, "async { one().await }.await"),
        (7, "let json = json!({ \"a\": one().await });"),
        (7, "macro_rules! again { () => { one().await } }"),
        (7, "let f = || beldi::join!(one(), two());"),
        (23, "beldi::join!();"),
        (23, "beldi::join!(one() two());"),
        (23, "beldi::join!(one().await, two());"),
        (23, "beldi::join!(one(), two()).await;"),
    ] {
        assert_eq!(of(body), [code], "{body}");
    }
}

#[test]
fn nested_functions_have_no_steps_of_this_one() {
    assert_eq!(of("async fn inner() { other().await } inner();"), []);
    assert_eq!(of("fn inner() -> SystemTime { SystemTime::now() }"), [2]);
}

#[test]
fn a_closure_with_many_awaits_is_one_mistake() {
    assert_eq!(of("let f = async || { one().await; two().await };"), [7]);
}

#[test]
fn join_outside_of_a_function() {
    assert_eq!(codes(crate::body::join_outside()), [22]);
}
