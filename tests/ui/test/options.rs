//! Options that are none, or of another form, each in one message.

#[beldi::test(crash = "sometimes", seeds = "many", ignore = "at", retries = 3)]
async fn sells_one(trial: u32) {
    let _ = trial;
}

fn main() {}
