/// The hotels of another team.
#[allow(missing_debug_implementations)]
pub enum Hotel {}
impl ::beldi::Service for Hotel {
    const NAME: &'static str = "hotel";
}
#[diagnostic::do_not_recommend]
impl ::beldi::__private::UsableIn<Hotel> for Hotel {}
/// Reserves a room for a night.
#[allow(dead_code)]
pub fn reserve(stay: contract::Stay) -> ::beldi::Call<reserve> {
    ::beldi::__private::call((stay,))
}
/// Reserves a room for a night.
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
pub enum reserve {}
impl ::beldi::Function for reserve {
    type Service = Hotel;
    type Arguments = (contract::Stay,);
    type Output = Result<Confirmation, SoldOut>;
    const NAME: &'static str = "reserve";
    const ARGUMENT_NAMES: &'static [&'static str] = &["stay"];
    const READ_ONLY: bool = false;
    const RETENTION: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::Some(
        ::beldi::__private::Duration::from_millis(2592000000u64),
    );
    const SIGNATURE: &'static str = "async fn reserve(stay: Stay) -> Result<Confirmation, SoldOut>";
    const CODEC: ::beldi::__private::Codec<
        (contract::Stay,),
        Result<Confirmation, SoldOut>,
    > = ::beldi::__private::codec::<(contract::Stay,), Result<Confirmation, SoldOut>>();
}
#[allow(dead_code)]
pub fn free(hotel: String, night: u32) -> ::beldi::Call<free> {
    ::beldi::__private::call((hotel, night))
}
///The function `free`, as a type.
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
pub enum free {}
impl ::beldi::Function for free {
    type Service = Hotel;
    type Arguments = (String, u32);
    type Output = u32;
    const NAME: &'static str = "free";
    const ARGUMENT_NAMES: &'static [&'static str] = &["hotel", "night"];
    const READ_ONLY: bool = true;
    const RETENTION: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const SIGNATURE: &'static str = "#[beldi(read_only)] async fn free(hotel: String, night: u32) -> u32";
    const CODEC: ::beldi::__private::Codec<(String, u32), u32> = ::beldi::__private::codec::<
        (String, u32),
        u32,
    >();
}
#[diagnostic::do_not_recommend]
impl ::beldi::ReadOnlyFunction for free {}
