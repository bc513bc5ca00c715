::core::compile_error! {
    "BELDI002: `SystemTime::now` reads the clock: a replay would read another time\n  help: `beldi::now().await` is recorded once and replayed"
}
#[allow(dead_code)]
fn late(stay: Stay) -> ::beldi::Call<late> {
    ::beldi::__private::call((stay,))
}
///The function `late`, as a type.
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
enum late {}
impl ::beldi::Function for late {
    type Service = Hotel;
    type Arguments = (Stay,);
    type Output = bool;
    const NAME: &'static str = "late";
    const ARGUMENT_NAMES: &'static [&'static str] = &["stay"];
    const READ_ONLY: bool = false;
    const RETENTION: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const SIGNATURE: &'static str = "async fn late(stay: Stay) -> bool";
    const CODEC: ::beldi::__private::Codec<(Stay,), bool> = ::beldi::__private::codec::<
        (Stay,),
        bool,
    >();
}
impl ::beldi::Handler for late {
    const TIMEOUT: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const CODE: u64 = 6595543646918281606u64;
    #[deny(unused_must_use)]
    async fn run(__cx: ::beldi::__private::Cx, (stay,): (Stay,)) -> bool {
        stay.until < SystemTime::now()
    }
}
::beldi::__private::inventory::submit! {
    { #[allow(unused_imports)] use ::beldi::__private::Infallible as _;
    ::beldi::__private::FunctionEntry::of:: < late > (::beldi::__private::Fallibility::
    << late as ::beldi::Function > ::Output > ::FALLIBLE, file!(), line!(),) }
}
::core::compile_error! {
    "BELDI007: this `.await` is inside a closure: when and how often it runs cannot be seen here, so it cannot be a numbered step\n  help: await in the function itself (a `for` loop instead of a closure), in a branch of `beldi::join!`, or in a `#[beldi::helper]`"
}
#[allow(dead_code)]
fn many(stays: Vec<Stay>) -> ::beldi::Call<many> {
    ::beldi::__private::call((stays,))
}
///The function `many`, as a type.
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
enum many {}
impl ::beldi::Function for many {
    type Service = Hotel;
    type Arguments = (Vec<Stay>,);
    type Output = usize;
    const NAME: &'static str = "many";
    const ARGUMENT_NAMES: &'static [&'static str] = &["stays"];
    const READ_ONLY: bool = false;
    const RETENTION: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const SIGNATURE: &'static str = "async fn many(stays: Vec<Stay>) -> usize";
    const CODEC: ::beldi::__private::Codec<(Vec<Stay>,), usize> = ::beldi::__private::codec::<
        (Vec<Stay>,),
        usize,
    >();
}
impl ::beldi::Handler for many {
    const TIMEOUT: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const CODE: u64 = 3480449129670544019u64;
    #[deny(unused_must_use)]
    async fn run(__cx: ::beldi::__private::Cx, (stays,): (Vec<Stay>,)) -> usize {
        #![allow(unused_variables, unused_mut)]
        ::core::panic!("this body did not compile")
    }
}
::beldi::__private::inventory::submit! {
    { #[allow(unused_imports)] use ::beldi::__private::Infallible as _;
    ::beldi::__private::FunctionEntry::of:: < many > (::beldi::__private::Fallibility::
    << many as ::beldi::Function > ::Output > ::FALLIBLE, file!(), line!(),) }
}
::core::compile_error! {
    "BELDI015: a reference cannot cross the boundary of a beldi function: arguments and results are written to the journal and sent to other processes\n  help: use an owned, named type, as `String` for `&str` or `Vec<T>` for `&[T]`; a `#[beldi::helper]` may borrow"
}
#[allow(dead_code)]
fn borrowed(
    _: &str,
) -> ::beldi::Helper<'static, ::beldi::AnyService, u32, ::beldi::__private::Observes> {
    let _: ::core::marker::PhantomData<Hotel>;
    ::core::panic!("this signature did not compile")
}
