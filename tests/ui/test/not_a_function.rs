//! A test is a function.

#[beldi::test]
struct SellsOne;

fn main() {}
