//! Signatures and options of functions.

use proc_macro2::TokenStream;

use super::{codes, text, tokens};

fn function(options: &str, item: &str) -> TokenStream {
    crate::function::function(tokens(options), &tokens(item))
}

fn of(item: &str) -> Vec<u16> {
    codes(function("service = Hotel", item))
}

fn with(options: &str) -> Vec<u16> {
    codes(function(options, "async fn reserve(stay: Stay) -> u32 { 1 }"))
}

#[test]
fn good_signatures() {
    assert_eq!(of("async fn nothing() {}"), []);
    assert_eq!(of("pub(crate) async fn reserve(mut stay: Stay, r#type: Vec<u8>) -> Result<u32, E> { Ok(1) }"), []);
    assert_eq!(with("service = crate::services::Hotel, read_only, timeout = \"5s\", retention = \"12h\","), []);
}

#[test]
fn wrong_signatures() {
    assert_eq!(of("fn reserve() {}"), [12]);
    assert_eq!(of("struct Reserve;"), [12]);
    assert_eq!(of("async fn reserve();"), [12]);
    assert_eq!(of("async fn reserve(&self) {}"), [13]);
    assert_eq!(of("async fn reserve<T>(value: T) {}"), [14]);
    assert_eq!(of("async fn reserve() where u8: Copy {}"), [14]);
    assert_eq!(of("async fn reserve(name: &str) {}"), [15]);
    assert_eq!(of("async fn reserve(name: Option<&'static str>) {}"), [15]);
    assert_eq!(of("async fn reserve(name: impl Into<String>) {}"), [15]);
    assert_eq!(of("async fn reserve() -> impl Sized {}"), [15]);
    assert_eq!(of("async fn reserve(callback: fn(u32) -> u32) {}"), [15]);
    assert_eq!(of("async unsafe fn reserve() {}"), [16]);
    assert_eq!(of("async extern \"C\" fn reserve() {}"), [16]);
    assert_eq!(of("const async fn reserve() {}"), [16]);
    assert_eq!(of("async fn reserve((a, b): (u8, u8)) {}"), [17]);
    assert_eq!(of("async fn reserve(_: u8) {}"), [17]);
    let many: String = (0..17).map(|index| format!("a{index}: u8,")).collect();
    assert_eq!(of(&format!("async fn reserve({many}) {{}}")), [17]);
}

#[test]
fn a_lifetime_is_one_mistake() {
    assert_eq!(of("async fn reserve<'a>(name: &'a str) {}"), [15]);
    assert_eq!(of("async fn reserve<'a>(name: String) {}"), [15]);
}

#[test]
fn wrong_options() {
    assert_eq!(with(""), [18]);
    assert_eq!(with("read_only"), [18]);
    assert_eq!(with("service = Hotel, readonly"), [19]);
    assert_eq!(with("service = Hotel, service = Travel"), [20]);
    assert_eq!(with("service = \"hotel\""), [21]);
    assert_eq!(with("service"), [21]);
    assert_eq!(with("service = Hotel, read_only = true"), [21]);
    assert_eq!(with("service = Hotel, timeout = 5"), [21]);
    assert_eq!(with("service = Hotel, timeout = \"5 parsecs\""), [21]);
    assert_eq!(with("service = Hotel, retention = 7"), [21]);
    assert_eq!(with("service = Hotel, retention = \"a week\""), [21]);
    assert_eq!(with("service = Hotel, 5"), [21]);
}

#[test]
fn a_service_without_its_keyword_is_one_mistake() {
    assert_eq!(with("Hotel"), [18]);
    assert_eq!(with("Hotel, read_only"), [18]);
}

#[test]
fn all_mistakes_in_one_pass() {
    let item = "fn reserve<T>(name: &str, (a, b): (T, T)) { let now = Instant::now(); tokio::spawn(async { now }); }";
    assert_eq!(codes(function("read_only, retries = 3", item)), [19, 18, 12, 15, 17, 14, 2, 5]);
}

#[test]
fn half_typed_code_keeps_its_tokens() {
    let expanded = function("service = Hotel", "pub async fn reserve(stay: Stay) -> u32 { stay. }");
    assert!(text(&expanded).contains("pubfnreserve(stay:Stay)->::beldi::Call<reserve>"));
    assert!(text(&expanded).contains("{stay.}"));
    let expanded = function("service = Hotel", "pub async fn reserve(stay)");
    assert!(text(&expanded).contains("pubasyncfnreserve(stay)"));
}

#[test]
fn a_refused_function_can_still_be_called() {
    let expanded = function("service = Hotel", "pub async fn reserve(name: &str) -> u32 { 1 }");
    let expected =
        "pubfnreserve(_:&str)->::beldi::Helper<'static,::beldi::AnyService,u32,::beldi::__private::Observes>";
    assert!(text(&expanded).contains(expected), "{expanded}");
}

#[test]
fn attributes_go_where_they_have_their_effect() {
    let item = r##"
        /// Reserves.
        #[cfg(feature = "hotel")]
        #[deprecated]
        #[allow(unused)]
        #[tracing::instrument]
        async fn reserve() {}
    "##;
    let expanded = text(&function("service = Hotel", item));
    let count = |attribute: &str| expanded.matches(attribute).count();
    assert_eq!(count("#[cfg(feature=\"hotel\")]"), 5);
    assert_eq!(count("Reserves."), 2);
    assert_eq!(count("#[deprecated]"), 1);
    assert_eq!(count("#[allow(unused)]"), 2);
    assert_eq!(count("#[tracing::instrument]#[deny(unused_must_use)]asyncfnrun"), 1);
}
