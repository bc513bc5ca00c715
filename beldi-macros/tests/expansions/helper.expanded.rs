#[allow(clippy::multiple_bound_locations)]
fn fill<'__beldi, '__beldi_0, 'a, T: Clone + Send + Sync>(
    room: &'a mut Room,
    guests: &'__beldi_0 [T],
) -> ::beldi::Helper<'__beldi, Hotel, &'a u32>
where
    'a: '__beldi,
    T: '__beldi,
    '__beldi_0: '__beldi,
{
    #[deny(unused_must_use)]
    #[allow(clippy::too_many_arguments)]
    async fn __beldi_helper<'a, T: Clone + Send + Sync>(
        __cx: ::beldi::__private::Cx,
        room: &'a mut Room,
        guests: &[T],
    ) -> &'a u32 {
        for _ in guests {
            room.free -= 1;
            ::beldi::__private::step::<
                Hotel,
                _,
            >(&__cx, 1, ::core::convert::identity(room.put()))
                .await;
        }
        &room.free
    }
    ::beldi::Helper::new(
        "fill",
        move |__cx: ::beldi::__private::Cx| {
            ::std::boxed::Box::pin(__beldi_helper::<T>(__cx, room, guests))
        },
    )
}
