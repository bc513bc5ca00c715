//! Order: what has been reserved for whom.

use super::Listing;
use super::frontend::Itinerary;
use beldi::PageToken;
use beldi::prelude::*;
use uuid::Uuid;

beldi::service! {
    /// Keeps the orders.
    pub Orders = "order";
}

/// An order. Its number is not that of the reservation: so an order that was placed twice would be there twice.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Orders, table = "orders")]
pub struct Order {
    /// Who travels.
    #[beldi(partition_key)]
    pub guest: String,
    /// The number of the order.
    #[beldi(sort_key)]
    pub number: Uuid,
    /// What was reserved.
    pub itinerary: Itinerary,
}

/// Places the order for what was reserved.
#[beldi::function(service = Orders)]
pub async fn place(itinerary: Itinerary) {
    let number = beldi::uuid().await;
    Order { guest: itinerary.trip.guest.clone(), number, itinerary }.put().await;
}

/// The orders of a guest.
#[beldi::function(service = Orders, read_only)]
pub async fn of(guest: String) -> Vec<Order> {
    if !super::can_be_key(&guest) {
        return Vec::new();
    }
    Order::query(&guest).limit(super::ROWS_OF_A_LISTING).await.items
}

/// All orders, a page at a time.
#[beldi::function(service = Orders, read_only)]
pub async fn list(page: Option<PageToken>) -> Listing<Order> {
    Order::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}
