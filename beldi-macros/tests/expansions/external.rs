//! An external action: what it does is left as it is, only waiting for it is a step.

#[beldi::function(service = Payment)]
async fn charge(card: Card, cents: u64) -> Result<Receipt, Declined> {
    beldi::external("charge", move |key| {
        let card = card.clone();
        async move { bank::charge(&card, cents, &key).await }
    })
    .await
    .map_err(Declined::from)
}
