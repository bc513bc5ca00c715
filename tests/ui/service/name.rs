//! The name becomes part of table names and addresses.

beldi::service!(pub Hotel = "Grand Hotel");

#[beldi::function(service = Hotel)]
async fn count() -> u32 {
    1
}

fn main() {}
