//! What was ordered.

use beldi::prelude::*;

use crate::stock::{self, SoldOut};

beldi::service!(
    /// Takes orders.
    pub Orders = "orders"
);

/// A row of the orders.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Orders, table = "shop-orders")]
pub struct Order {
    #[beldi(partition_key)]
    pub buyer: String,
    #[beldi(sort_key)]
    pub number: String,
    pub goods: String,
    pub count: u32,
}

/// Places an order: it is written down and taken from the stock, or neither. Gives its number.
#[beldi::function(service = Orders)]
pub async fn place(buyer: String, goods: String, count: u32) -> Result<String, SoldOut> {
    let number = beldi::uuid().await.to_string();
    beldi::txn! {
        stock::take(goods.clone(), count).await?;
        let order = Order {
            buyer: buyer.clone(),
            number: number.clone(),
            goods: goods.clone(),
            count,
        };
        order.put().await;
        Ok(number.clone())
    }
}

/// The orders of somebody.
#[beldi::function(service = Orders, read_only)]
pub async fn of(buyer: String) -> Vec<Order> {
    Order::query(&buyer).await.items
}
