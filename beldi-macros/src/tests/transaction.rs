//! What a transaction may hold, and how its steps are numbered.

use super::{codes, text, tokens};
use crate::function::function;

/// The codes of the mistakes in a function of `Hotel` with this body.
fn of(body: &str) -> Vec<u16> {
    with("", body)
}

fn with(options: &str, body: &str) -> Vec<u16> {
    let options = tokens(&format!("service = Hotel, {options}"));
    codes(function(options, &tokens(&format!("async fn reserve() -> Result<u32, SoldOut> {{ {body} }}"))))
}

fn expanded(body: &str) -> String {
    let function = tokens(&format!("async fn reserve() -> Result<u32, SoldOut> {{ {body} }}"));
    text(&crate::function::function(tokens("service = Hotel"), &function))
}

#[test]
fn steps_have_the_context_of_the_try_and_ordinals_go_on() {
    let body =
        "one().await; beldi::txn! { two().await; beldi::join!(three(), async { four().await }); Ok(1) }?; five().await";
    let expanded = expanded(body);
    for call in [
        "step::<Hotel,_>(&__cx,1,::core::convert::identity(one()))",
        "::beldi::__private::transaction::<Hotel>(&__cx,2,",
        "let__cx_2=__txn.begin();",
        "step::<Hotel,_>(&__cx_2,3,::core::convert::identity(two()))",
        "::beldi::__private::join(&__cx_2,4)",
        "step::<Hotel,_>(&__cx_4_0,5,branch_0)",
        "step::<Hotel,_>(&__cx_4_1,6,::core::convert::identity(four()))",
        "step::<Hotel,_>(&__cx,7,::core::convert::identity(five()))",
    ] {
        assert!(expanded.contains(call), "{call} in {expanded}");
    }
}

#[test]
fn options_are_constants() {
    let body = r#"let r = txn! { max_tries = 8, max_wait = "2s", read_only => get(match 1 { _ => 2 }).await; Ok(1) };"#;
    let expanded = expanded(body);
    let options =
        "max_tries:::core::option::Option::Some(8u32),max_wait_ms:::core::option::Option::Some(2000u64),read_only:true";
    assert!(expanded.contains(options), "{expanded}");
    assert!(expanded.contains("observe::<Hotel,_>(&__cx_1,2,"), "{expanded}");
}

#[test]
fn a_try_behind_it_names_the_error_of_the_function() {
    let named = "run::<_,<Result<u32,SoldOut>as::beldi::__private::Fallible>::Error>(&mut__txn,async{Ok(1)})";
    assert!(expanded("beldi::txn! { Ok(1) }?; Ok(1)").contains(named));
    assert!(expanded("let one = txn! { Ok(1) }?; Ok(one)").contains(named));
    for body in
        ["txn! { Ok(1) }", "beldi::join!(async { txn! { Ok(1) }? }); Ok(1)", "txn! { Ok(1) }.map_err(f)?; Ok(1)"]
    {
        assert!(expanded(body).contains("Transaction::run(&mut__txn,async{Ok(1)})"), "{body}");
    }
}

#[test]
fn what_has_no_place_in_a_transaction() {
    for (code, body) in [
        (35, "beldi::external(\"pay\", |key| async { break; pay(key).await }).await.is_ok()"),
        (35, "external(\"pay\", |key| pay(key)).retry(policy).await.is_ok()"),
        (35, "beldi::sleep(second).await"),
        (35, "beldi::sleep_until(noon).await"),
        (35, "let event = beldi::wait_for(\"paid\").await"),
        (35, "Room::query(&hotel).between(1, 2).await.items.len()"),
        (35, "hotel::Room::scan().await.items.pop()?.put().await"),
        (35, "Room::query_index(Room::BY_CITY, &city).await"),
        (35, "beldi::join!(Room::scan(), async { two().await })"),
        (35, "beldi::join!(async { Room::scan().await })"),
        (35, "println!(\"{}\", Room::scan().await.items.len())"),
        (35, "let guard = beldi::lock::<Room>(key).await"),
        (35, "let guard = lock::<Room>(key).await"),
        (36, "beldi::txn! { Ok(1) }?"),
        (36, "beldi::join!(async { txn! { Ok(1) } })"),
        (37, "break"),
        (37, "if done { continue }"),
        (37, "for x in y { break 'outer }"),
        (37, "'inner: { break 'inner; break; }"),
        (2, "let now = SystemTime::now()"),
        (7, "let f = async || beldi::txn! { Ok(1) }"),
    ] {
        assert_eq!(of(&format!("'outer: loop {{ let _ = beldi::txn! {{ {body}; Ok(1) }}; }}")), [code], "{body}");
    }
}

#[test]
fn what_only_looks_similar() {
    for body in [
        "for x in y { if x { continue } break }",
        "'a: loop { while let Some(x) = y { break 'a } }",
        "let one = 'a: { if done { break 'a 1 } 2 }",
        "let f = || { loop { break } }",
        "fn inner() { loop { break } }",
        "if done { return Ok(2) }",
        "lock(door).await; sleep(bear).await; hotel::query(text).await; hotel::scan(ticket).await",
        "let token = Token::scan(text)",
        "reserve().detach().await; beldi::now().await; beldi::uuid().await",
    ] {
        assert_eq!(of(&format!("let _ = beldi::txn! {{ {body}; Ok(1) }};")), [], "{body}");
    }
}

#[test]
fn wrong_forms() {
    for (code, body) in [
        (34, "beldi::txn! { Ok(1) }.await"),
        (34, "beldi::txn! { Ok(1) }; Ok(1)"),
        (34, "beldi::txn! { Ok(1) } Ok(1)"),
        (34, "beldi::txn! {}"),
        (34, "beldi::txn! { read_only => }"),
        (19, "beldi::txn! { retries = 8 => Ok(1) }"),
        (20, "beldi::txn! { max_tries = 8, max_tries = 9 => Ok(1) }"),
        (21, "beldi::txn! { max_tries = 0 => Ok(1) }"),
        (21, "beldi::txn! { max_tries = -1 => Ok(1) }"),
        (21, "beldi::txn! { max_tries = 4294967296 => Ok(1) }"),
        (21, "beldi::txn! { max_tries => Ok(1) }"),
        (21, "beldi::txn! { max_wait = 2 => Ok(1) }"),
        (21, "beldi::txn! { max_wait = \"2\" => Ok(1) }"),
        (21, "beldi::txn! { read_only = true => Ok(1) }"),
        (21, "beldi::txn! { max_tries 8 => Ok(1) }"),
        (21, "beldi::txn! { max_tries = 8, read_only Ok(1) }"),
        (7, "let f = async || beldi::txn! { Ok(1) };"),
        (7, "let f = async { beldi::txn! { Ok(1) } };"),
        (7, "let json = json!({ \"a\": beldi::txn! { Ok(1) } });"),
        (23, "beldi::join!(beldi::txn! { Ok(1) })"),
    ] {
        assert_eq!(of(body), [code], "{body}");
    }
    assert_eq!(of("let json = json!({ \"a\": txn != 1 });"), []);
    assert_eq!(with("read_only", "beldi::txn! { read_only => Ok(1) }"), [10]);
}

#[test]
fn all_mistakes_in_one_pass() {
    let body = "beldi::txn! { tries = 1 => beldi::external(a, b).await; Room::scan().await; break; txn! { continue; Ok(1) } }.await";
    assert_eq!(of(body), [34, 19, 35, 35, 37, 36, 37]);
}

#[test]
fn half_typed_code_is_one_mistake() {
    let function =
        function(tokens("service = Hotel"), &tokens("async fn reserve() { beldi::txn! { let a = ; Ok(1) }?; }"));
    assert_eq!(function.to_string().matches("compile_error").count(), 1);
}

#[test]
fn transaction_outside_of_a_function() {
    assert_eq!(codes(crate::body::transaction_outside()), [33]);
}
