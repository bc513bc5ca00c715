/// Reserves a room for a night.
#[allow(dead_code)]
pub fn reserve(stay: Stay) -> ::beldi::Call<reserve> {
    ::beldi::__private::call((stay,))
}
/// Reserves a room for a night.
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
pub enum reserve {}
impl ::beldi::Function for reserve {
    type Service = Hotel;
    type Arguments = (Stay,);
    type Output = Result<Confirmation, SoldOut>;
    const NAME: &'static str = "reserve";
    const ARGUMENT_NAMES: &'static [&'static str] = &["stay"];
    const READ_ONLY: bool = false;
    const RETENTION: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const SIGNATURE: &'static str = "async fn reserve(stay: Stay) -> Result<Confirmation, SoldOut>";
    const CODEC: ::beldi::__private::Codec<(Stay,), Result<Confirmation, SoldOut>> = ::beldi::__private::codec::<
        (Stay,),
        Result<Confirmation, SoldOut>,
    >();
}
impl ::beldi::Handler for reserve {
    const TIMEOUT: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::Some(
        ::beldi::__private::Duration::from_millis(5000u64),
    );
    const CODE: u64 = 8648203797357827547u64;
    #[deny(unused_must_use)]
    async fn run(
        __cx: ::beldi::__private::Cx,
        (stay,): (Stay,),
    ) -> Result<Confirmation, SoldOut> {
        let mut room = ::beldi::__private::step::<
            Hotel,
            _,
        >(&__cx, 1, ::core::convert::identity(Room::get((&stay.hotel, stay.night))))
            .await
            .ok_or(SoldOut)?;
        room.free = room.free.checked_sub(1).ok_or(SoldOut)?;
        ::beldi::__private::step::<
            Hotel,
            _,
        >(&__cx, 2, ::core::convert::identity(room.put()))
            .await;
        Ok(
            Confirmation::new(
                ::beldi::__private::step::<
                    Hotel,
                    _,
                >(&__cx, 3, ::core::convert::identity(beldi::uuid()))
                    .await,
                stay,
            ),
        )
    }
}
::beldi::__private::inventory::submit! {
    { #[allow(unused_imports)] use ::beldi::__private::Infallible as _;
    ::beldi::__private::FunctionEntry::of:: < reserve >
    (::beldi::__private::Fallibility:: << reserve as ::beldi::Function > ::Output >
    ::FALLIBLE, file!(), line!(),) }
}
