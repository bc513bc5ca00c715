#[allow(dead_code)]
fn charge(card: Card, cents: u64) -> ::beldi::Call<charge> {
    ::beldi::__private::call((card, cents))
}
///The function `charge`, as a type.
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
enum charge {}
impl ::beldi::Function for charge {
    type Service = Payment;
    type Arguments = (Card, u64);
    type Output = Result<Receipt, Declined>;
    const NAME: &'static str = "charge";
    const ARGUMENT_NAMES: &'static [&'static str] = &["card", "cents"];
    const READ_ONLY: bool = false;
    const RETENTION: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const SIGNATURE: &'static str = "async fn charge(card: Card, cents: u64) -> Result<Receipt, Declined>";
    const CODEC: ::beldi::__private::Codec<(Card, u64), Result<Receipt, Declined>> = ::beldi::__private::codec::<
        (Card, u64),
        Result<Receipt, Declined>,
    >();
}
impl ::beldi::Handler for charge {
    const TIMEOUT: ::core::option::Option<::beldi::__private::Duration> = ::core::option::Option::None;
    const CODE: u64 = 2311206833927040550u64;
    #[deny(unused_must_use)]
    async fn run(
        __cx: ::beldi::__private::Cx,
        (card, cents): (Card, u64),
    ) -> Result<Receipt, Declined> {
        ::beldi::__private::step::<
            Payment,
            _,
        >(
                &__cx,
                1,
                ::core::convert::identity(
                    beldi::external(
                        "charge",
                        move |key| {
                            let card = card.clone();
                            async move { bank::charge(&card, cents, &key).await }
                        },
                    ),
                ),
            )
            .await
            .map_err(Declined::from)
    }
}
::beldi::__private::inventory::submit! {
    { #[allow(unused_imports)] use ::beldi::__private::Infallible as _;
    ::beldi::__private::FunctionEntry::of:: < charge > (::beldi::__private::Fallibility::
    << charge as ::beldi::Function > ::Output > ::FALLIBLE, file!(), line!(),) }
}
