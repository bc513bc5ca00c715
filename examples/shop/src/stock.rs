//! How much there is.

use beldi::prelude::*;

beldi::service!(
    /// Owns the stock.
    pub Stock = "stock"
);

/// A row of the stock.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Stock, table = "shop-goods")]
pub struct Goods {
    #[beldi(partition_key)]
    pub name: String,
    pub count: u32,
}

/// There is less than was wanted.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct SoldOut {
    pub left: u32,
}

/// Adds to the stock. However often an attempt dies, it is added once.
#[beldi::function(service = Stock)]
pub async fn deliver(goods: String, count: u32) {
    Goods::update(&goods).add(Goods::COUNT, count).await;
}

/// Takes from the stock, if there is enough.
#[beldi::function(service = Stock)]
pub async fn take(goods: String, count: u32) -> Result<(), SoldOut> {
    let less = Goods::update(&goods).add(Goods::COUNT, -i64::from(count));
    let taken = less.when(Goods::COUNT.ge(count)).await;
    taken.map_err(|conflict| SoldOut {
        left: conflict.current.map_or(0, |goods| goods.count),
    })
}

/// How much there is. A function that is `read_only` costs its reads and nothing else.
#[beldi::function(service = Stock, read_only)]
pub async fn left(goods: String) -> u32 {
    Goods::get(&goods).await.map_or(0, |goods| goods.count)
}
