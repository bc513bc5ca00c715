//! Declarations of functions of other programs.

use super::{codes, text, tokens};

fn remote(declarations: &str) -> proc_macro2::TokenStream {
    crate::remote::remote(tokens(declarations))
}

fn of(function: &str) -> Vec<u16> {
    codes(remote(&format!("pub Hotel = \"hotel\"; {function}")))
}

#[test]
fn good_declarations() {
    assert_eq!(of(""), []);
    assert_eq!(of("async fn close();"), []);
    assert_eq!(of("pub async fn reserve(stay: Stay, r#type: [u8; 3]) -> Result<u32, E>; async fn close();"), []);
    assert_eq!(of("/// Docs.\n #[beldi(read_only, retention = \"30d\")] #[must_use] async fn free() -> u32;"), []);
    assert_eq!(of("#[beldi(read_only)] #[beldi(retention = \"30d\")] async fn free() -> u32;"), []);
}

#[test]
fn wrong_declarations() {
    assert_eq!(codes(remote("")), [39]);
    assert_eq!(codes(remote("Hotel;")), [39]);
    assert_eq!(codes(remote("async fn free() -> u32;")), [39]);
    assert_eq!(codes(remote("pub Hotel = \"Grand Hotel\"; async fn free() -> u32;")), [24]);
    assert_eq!(of("async fn free() -> u32 { 1 }"), [39]);
    assert_eq!(of("#[read_only] async fn free() -> u32;"), [39]);
    assert_eq!(of("struct Room;"), [39]);
    assert_eq!(of("async fn free() -> u32"), [39]);
}

#[test]
fn signatures_and_options_are_those_of_functions() {
    assert_eq!(of("fn free() -> u32;"), [12]);
    assert_eq!(of("async fn free(&self) -> u32;"), [13]);
    assert_eq!(of("async fn free<T>(value: T) -> u32;"), [14]);
    assert_eq!(of("async fn free(hotel: &str) -> u32;"), [15]);
    assert_eq!(of("async unsafe fn free() -> u32;"), [16]);
    assert_eq!(of("async fn free(_: u32) -> u32;"), [17]);
    assert_eq!(of("#[beldi(timeout = \"5s\")] async fn free() -> u32;"), [19]);
    assert_eq!(of("#[beldi(read_only, read_only)] async fn free() -> u32;"), [20]);
    assert_eq!(of("#[beldi(retention = 7)] async fn free() -> u32;"), [21]);
    assert_eq!(of("#[beldi] async fn free() -> u32;"), [21]);
}

#[test]
fn one_mistake_does_not_hide_the_others() {
    let functions = "struct Room { free: u32 } fn close(); async fn free() -> u32 { 1 } async fn open();";
    let expanded = remote(&format!("Hotel = \"hotel\"; {functions}"));
    assert!(text(&expanded).contains("fnopen()->::beldi::Call<open>"), "{expanded}");
    assert_eq!(codes(expanded), [39, 12, 39]);
}

/// The two sides are compared by this text, so it must not depend on which macro wrote it.
#[test]
fn caller_and_callee_have_the_same_signature() {
    let signature = |expanded: &proc_macro2::TokenStream| {
        let text = text(expanded);
        let start = text.find("constSIGNATURE").expect("a signature");
        text[start..].split(';').next().map(str::to_owned)
    };
    let (name, rest) = ("pub async fn r#type(mut stay: Stay)", "(stay: a::Stay,) -> ::std::result::Result<u32, E,>");
    let here = crate::function::function(
        tokens("service = Hotel, read_only"),
        &tokens(&format!("{name} -> Result<u32, E> {{ Ok(1) }}")),
    );
    let there = remote(&format!("Hotel = \"hotel\"; #[beldi(read_only)] pub async fn r#type{rest};"));
    assert_eq!(signature(&here), signature(&there));
    let other = remote(&format!("Hotel = \"hotel\"; pub async fn r#type{rest};"));
    assert_ne!(signature(&here), signature(&other));
}
