//! A test is `async`, since it waits for functions.

#[beldi::test]
fn sells_one(trial: u32) -> u32 {
    trial
}

fn main() {}
