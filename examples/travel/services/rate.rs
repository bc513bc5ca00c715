//! Rate: what hotels cost.

use beldi::prelude::*;

beldi::service! {
    /// Knows what hotels cost.
    pub Rates = "rate";
}

/// What a hotel costs.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Rates, table = "rates")]
pub struct Rate {
    /// The hotel's id.
    #[beldi(partition_key)]
    pub hotel: String,
    /// What can be booked, the cheapest first.
    pub plans: Vec<Plan>,
}

/// One way to book a room.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Plan {
    /// What it is called.
    pub name: String,
    /// What a night costs.
    pub cents: u64,
}

/// What a hotel costs for some nights.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Quote {
    /// The hotel's id.
    pub hotel: String,
    /// What can be booked, the cheapest first, each with the price of all nights.
    pub plans: Vec<Plan>,
}

/// Says what a hotel costs from now on.
#[beldi::function(service = Rates)]
pub async fn set(rate: Rate) {
    rate.put().await;
}

/// What these hotels cost for so many nights, in the same order; those without a price are left out.
#[beldi::function(service = Rates, read_only)]
pub async fn quote(hotels: Vec<String>, nights: u32) -> Vec<Quote> {
    let rates = Rate::batch_get(hotels).await.into_iter().flatten();
    let of_all_nights = |plan: Plan| Plan { cents: plan.cents * u64::from(nights), ..plan };
    let quote = |rate: Rate| Quote { hotel: rate.hotel, plans: rate.plans.into_iter().map(of_all_nights).collect() };
    rates.map(quote).collect()
}
