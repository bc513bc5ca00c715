#[beldi::test(crash = "everywhere", seeds = 20, ignore("at"))]
async fn sells_one(trial: Trial) {
    trial.call(sell("tea".into())).await.expect("an answer");
}
