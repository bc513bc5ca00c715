//! A payment provider, whose client a test replaces by a fake.

use std::sync::OnceLock;

/// Charges an owner some cents. Two charges with one idempotency key are one.
pub type Charge = fn(owner: &str, cents: i64, key: Option<&str>);

static CLIENT: OnceLock<Charge> = OnceLock::new();

/// Lets all charges go to this client, unless there is one already.
pub fn connect(client: Charge) {
    CLIENT.get_or_init(|| client);
}

/// Charges an owner, as far as a client is connected.
pub async fn charge(owner: &str, cents: i64, key: Option<String>) -> Result<(), String> {
    let client = CLIENT.get().ok_or("the payment provider is not connected")?;
    client(owner, cents, key.as_deref());
    Ok(())
}
