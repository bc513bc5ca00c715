#[::core::prelude::v1::test]
fn sells_one() {
    async fn sells_one(trial: Trial) {
        trial.call(sell("tea".into())).await.expect("an answer");
    }
    ::beldi::__private::Case::new(
            ::core::concat!(::core::module_path!(), "::", "sells_one"),
        )
        .in_package(::core::env!("CARGO_PKG_NAME"))
        .everywhere()
        .seeds(20u64)
        .ignore("at")
        .run(sells_one);
}
