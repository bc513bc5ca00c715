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
    const CODE: u64 = 1557500932047603441u64;
    #[deny(unused_must_use)]
    async fn run(
        __cx: ::beldi::__private::Cx,
        (trip,): (Trip,),
    ) -> Result<Itinerary, Unavailable> {
        let itinerary = {
            let mut __txn = ::beldi::__private::transaction::<
                Travel,
            >(
                &__cx,
                1,
                ::beldi::__private::TransactionOptions {
                    max_tries: ::core::option::Option::Some(8u32),
                    max_wait_ms: ::core::option::Option::None,
                    read_only: false,
                },
            );
            loop {
                let __cx_1 = __txn.begin();
                if let ::core::option::Option::Some(__result) = ::beldi::__private::Transaction::run::<
                    _,
                    <Result<
                        Itinerary,
                        Unavailable,
                    > as ::beldi::__private::Fallible>::Error,
                >(
                        &mut __txn,
                        async {
                            let (room, seat) = {
                                let __join = ::beldi::__private::join(&__cx_1, 2);
                                let __cx_2_0 = __join.branch(0);
                                let __cx_2_1 = __join.branch(1);
                                let __results = match (
                                    hotel::reserve(trip.stay()),
                                    flight::reserve(trip.seat()),
                                ) {
                                    (branch_0, branch_1) => {
                                        ::beldi::__private::tokio_join!(
                                            __join.run(async { ::beldi::__private::step:: < Travel, _ >
                                            (& __cx_2_0, 3, branch_0). await }), __join.run(async {
                                            ::beldi::__private::step:: < Travel, _ > (& __cx_2_1, 4,
                                            branch_1). await })
                                        )
                                    }
                                };
                                __results
                            };
                            Ok(Itinerary {
                                room: room?,
                                seat: seat?,
                            })
                        },
                    )
                    .await
                {
                    break __result;
                }
            }
        }?;
        ::beldi::__private::step::<
            Travel,
            _,
        >(&__cx, 5, ::core::convert::identity(orders::place(itinerary.clone()).detach()))
            .await;
        Ok(itinerary)
    }
}
::beldi::__private::inventory::submit! {
    { #[allow(unused_imports)] use ::beldi::__private::Infallible as _;
    ::beldi::__private::FunctionEntry::of:: < book > (::beldi::__private::Fallibility::
    << book as ::beldi::Function > ::Output > ::FALLIBLE, file!(), line!(),) }
}
