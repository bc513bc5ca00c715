#[allow(dead_code)]
fn free(hotel: String, night: Date) -> ::beldi::Call<free> {
    ::beldi::__private::call((hotel, night))
}
///The function `free`, as a type.
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
enum free {}
impl ::beldi::Function for free {
    type Service = Hotel;
    type Arguments = (String, Date);
    type Output = u32;
    const NAME: &'static str = "free";
    const ARGUMENT_NAMES: &'static [&'static str] = &["hotel", "night"];
    const READ_ONLY: bool = true;
    const RETENTION: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const SIGNATURE: &'static str = "#[beldi(read_only)] async fn free(hotel: String, night: Date) -> u32";
    const CODEC: ::beldi::__private::Codec<(String, Date), u32> = ::beldi::__private::codec::<
        (String, Date),
        u32,
    >();
}
#[diagnostic::do_not_recommend]
impl ::beldi::ReadOnlyFunction for free {}
impl ::beldi::Handler for free {
    const TIMEOUT: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const CODE: u64 = 39591623693688179u64;
    #[deny(unused_must_use)]
    async fn run(__cx: ::beldi::__private::Cx, (hotel, night): (String, Date)) -> u32 {
        ::beldi::__private::observe::<
            Hotel,
            _,
        >(&__cx, 1, ::core::convert::identity(Room::get((&hotel, night))))
            .await
            .map_or(0, |room| room.free)
    }
}
::beldi::__private::inventory::submit! {
    { #[allow(unused_imports)] use ::beldi::__private::Infallible as _;
    ::beldi::__private::FunctionEntry::of:: < free > (::beldi::__private::Fallibility::
    << free as ::beldi::Function > ::Output > ::FALLIBLE, file!(), line!(),) }
}
