#[allow(dead_code)]
pub fn book(trip: Trip) -> ::beldi::Call<book> {
    ::beldi::__private::call((trip,))
}
///The function `book`, as a type.
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
pub enum book {}
impl ::beldi::Function for book {
    type Service = Travel;
    type Arguments = (Trip,);
    type Output = Result<Itinerary, Unavailable>;
    const NAME: &'static str = "book";
    const ARGUMENT_NAMES: &'static [&'static str] = &["trip"];
    const READ_ONLY: bool = false;
    const RETENTION: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const SIGNATURE: &'static str = "async fn book(trip: Trip) -> Result<Itinerary, Unavailable>";
    const CODEC: ::beldi::__private::Codec<(Trip,), Result<Itinerary, Unavailable>> = ::beldi::__private::codec::<
        (Trip,),
        Result<Itinerary, Unavailable>,
    >();
}
impl ::beldi::Handler for book {
    const TIMEOUT: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const CODE: u64 = 16269418182834797272u64;
    #[deny(unused_must_use)]
    async fn run(
        __cx: ::beldi::__private::Cx,
        (trip,): (Trip,),
    ) -> Result<Itinerary, Unavailable> {
        let (room, seat) = {
            let __join = ::beldi::__private::join(&__cx, 1);
            let __cx_1_0 = __join.branch(0);
            let __cx_1_1 = __join.branch(1);
            let __results = match (
                hotel::reserve(trip.stay()),
                async {
                    let flight = ::beldi::__private::step::<
                        Travel,
                        _,
                    >(&__cx_1_1, 3, ::core::convert::identity(flight::find(trip.day)))
                        .await?;
                    ::beldi::__private::step::<
                        Travel,
                        _,
                    >(&__cx_1_1, 4, ::core::convert::identity(flight::reserve(flight)))
                        .await
                },
            ) {
                (branch_0, branch_1) => {
                    ::beldi::__private::tokio_join!(
                        __join.run(async { ::beldi::__private::step:: < Travel, _ > (&
                        __cx_1_0, 2, branch_0). await }), __join.run(branch_1)
                    )
                }
            };
            __results
        };
        Ok(Itinerary {
            room: room?,
            seat: seat?,
        })
    }
}
::beldi::__private::inventory::submit! {
    { #[allow(unused_imports)] use ::beldi::__private::Infallible as _;
    ::beldi::__private::FunctionEntry::of:: < book > (::beldi::__private::Fallibility::
    << book as ::beldi::Function > ::Output > ::FALLIBLE, file!(), line!(),) }
}
