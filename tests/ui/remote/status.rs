//! The journal of the other service is there, not here.

use beldi::{Client, InstanceId};

beldi::remote! {
    pub Hotel = "hotel";

    pub async fn reserve(hotel: String) -> u32;
}

async fn is_done(client: &Client, instance: InstanceId) -> bool {
    client.result::<reserve>(instance).await.is_ok_and(|result| result.is_some())
}

fn main() {}
