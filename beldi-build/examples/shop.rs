//! Two services, for the tests of `cargo beldi`: a shop that takes what it sells from its stock.

#![expect(clippy::print_stdout, reason = "a program that is asked for its manifest prints it")]

use beldi::Registry;
use beldi::prelude::*;

beldi::service!(
    /// Sells.
    pub Shop = "shop"
);
beldi::service!(
    /// Knows how much there is of everything.
    pub Stock = "stock"
);

/// How much there is of something.
#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Stock, table = "stock-items")]
pub struct Goods {
    /// What it is.
    #[beldi(partition_key)]
    pub name: String,
    /// How many there are.
    pub count: u32,
}

/// Takes some of it.
#[beldi::function(service = Stock)]
pub async fn take(name: String, count: u32) -> Result<(), u32> {
    let less = Goods::update(&name).add(Goods::COUNT, -i64::from(count)).when(Goods::COUNT.ge(count));
    less.await.map_err(|conflict| conflict.current.map_or(0, |goods| goods.count))
}

/// Sells some of it.
#[beldi::function(service = Shop, timeout = "1m")]
pub async fn sell(name: String, count: u32) -> Result<(), u32> {
    take(name, count).await
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::var_os("BELDI_MANIFEST").is_some() {
        let registry = Registry::collect().map_err(|errors| errors[0].clone())?;
        println!("{}", serde_json::to_string(&registry.manifest()?)?);
    }
    Ok(())
}
