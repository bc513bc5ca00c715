//! Signatures of helpers, and the lifetimes that they are given.

use proc_macro2::TokenStream;

use super::{codes, text, tokens};

fn helper(options: &str, item: &str) -> TokenStream {
    crate::helper::helper(tokens(options), &tokens(item))
}

fn of(item: &str) -> Vec<u16> {
    codes(helper("service = Hotel", item))
}

#[test]
fn good_and_wrong_signatures() {
    assert_eq!(of("async fn stock<T: Clone>(rooms: &[T], (a, _): (u8, u8)) -> Option<T> { None }"), []);
    assert_eq!(codes(helper("", "async fn stock() {}")), []);
    assert_eq!(of("fn stock() {}"), [12]);
    assert_eq!(of("async fn stock(&self) {}"), [13]);
    assert_eq!(of("async fn stock(name: impl Into<String>) {}"), [15]);
    assert_eq!(of("async unsafe fn stock() {}"), [16]);
    assert_eq!(codes(helper("timeout = \"5s\"", "async fn stock() {}")), [19]);
    assert_eq!(of("async fn stock() { Instant::now(); }"), [2]);
}

#[test]
fn lifetimes_that_are_left_out_get_names() {
    let expanded = text(&helper("", "async fn f(a: &str, b: Ref<'_, u8>) {}"));
    assert!(
        expanded.contains("fnf<'__beldi,'__beldi_0,'__beldi_1>(a:&'__beldi_0str,b:Ref<'__beldi_1,u8>)"),
        "{expanded}"
    );
    assert!(expanded.contains("where'__beldi_0:'__beldi,'__beldi_1:'__beldi"), "{expanded}");
}

#[test]
fn the_output_has_the_only_lifetime_of_the_arguments() {
    let expanded = text(&helper("", "async fn f(a: &str) -> &str { a }"));
    assert!(expanded.contains("->::beldi::Helper<'__beldi,::beldi::AnyService,&'__beldi_0str>"), "{expanded}");
    let expanded = text(&helper("", "async fn f<'a>(a: &'a str, b: &'a str) -> &str { a }"));
    assert!(expanded.contains("->::beldi::Helper<'__beldi,::beldi::AnyService,&'astr>"), "{expanded}");
}

#[test]
fn function_types_keep_their_own_lifetimes() {
    let expanded = text(&helper("", "async fn f(a: fn(&str) -> &str, b: Box<dyn Fn(&str) + Send>) {}"));
    assert!(expanded.contains("fnf<'__beldi>(a:fn(&str)->&str,b:Box<dynFn(&str)+Send>)"), "{expanded}");
}
