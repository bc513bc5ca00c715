//! The smallest program: one service, one function, one call.
//!
//! `cargo run --example hello`

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

// ANCHOR: uses
use std::sync::Arc;
use std::time::Duration;

use beldi::host::LocalHost;
use beldi::store::EmbeddedStore;
// ANCHOR_END: uses

// ANCHOR: function
beldi::service!(Greeter = "greeter");

#[beldi::function(service = Greeter)]
async fn greet(name: String) -> String {
    format!("Hello, {name}!")
}
// ANCHOR_END: function

// ANCHOR: main
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Arc::new(EmbeddedStore::in_memory()?);
    let host = LocalHost::builder(store).start().await?;

    let greeting = host.client().call(greet("world".to_owned())).await?;
    println!("{greeting}");

    host.shutdown(Duration::from_secs(1)).await;
    Ok(())
}
// ANCHOR_END: main
