//! A test without its `Trial` has no world to run in.

#[beldi::test]
async fn sells_one() {}

fn main() {}
