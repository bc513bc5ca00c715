#[allow(clippy::multiple_bound_locations)]
pub fn today<'__beldi>() -> ::beldi::Helper<
    '__beldi,
    ::beldi::AnyService,
    Date,
    ::beldi::__private::Observes,
> {
    #[deny(unused_must_use)]
    #[allow(clippy::too_many_arguments)]
    async fn __beldi_helper(__cx: ::beldi::__private::Cx) -> Date {
        Date::of(
            ::beldi::__private::observe::<
                ::beldi::AnyService,
                _,
            >(&__cx, 1, ::core::convert::identity(beldi::now()))
                .await,
        )
    }
    ::beldi::Helper::new(
        "today",
        move |__cx: ::beldi::__private::Cx| {
            ::std::boxed::Box::pin(__beldi_helper(__cx))
        },
    )
}
