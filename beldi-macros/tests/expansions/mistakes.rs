//! After a mistake the item is still there, so that what uses it has no mistake of its own.

#[beldi::function(service = Hotel)]
async fn late(stay: Stay) -> bool {
    stay.until < SystemTime::now()
}

#[beldi::function(service = Hotel)]
async fn many(stays: Vec<Stay>) -> usize {
    stays.iter().filter(|stay| async { reserve(stay).await }).count()
}

#[beldi::function(service = Hotel)]
async fn borrowed(hotel: &str) -> u32 {
    hotel.len() as u32
}
