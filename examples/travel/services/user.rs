//! User: who travels, and how they show it.

use beldi::prelude::*;
use sha2::{Digest, Sha256};

beldi::service! {
    /// Knows who travels.
    pub Users = "user";
}

/// How often a password is hashed. A service on the internet would take a function that needs much memory too.
const ROUNDS: u32 = 1_000;

/// Somebody who travels.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Users, table = "users")]
pub struct User {
    /// The name.
    #[beldi(partition_key)]
    pub name: String,
    /// What is kept of the password.
    pub secret: Secret,
}

/// What is kept of a password.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// What makes equal passwords of two users differ.
    pub salt: String,
    /// The hash of both, in hexadecimal digits.
    pub hash: String,
}

impl Secret {
    /// What to keep of a password.
    pub fn of(password: &str, salt: String) -> Self {
        let mut hash = Sha256::digest(format!("{salt}:{password}"));
        for _ in 1..ROUNDS {
            hash = Sha256::digest(hash);
        }
        Self { salt, hash: hash.iter().map(|byte| format!("{byte:02x}")).collect() }
    }
}

/// A name and a password.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct LogIn {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
}

/// There is nobody with this name and this password.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no `{name}` with this password")]
pub struct Stranger {
    /// The name.
    pub name: String,
}

/// A name cannot be had.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[serde(tag = "error", rename_all = "kebab-case")]
pub enum NameRefused {
    /// Somebody else has it.
    #[error("the name `{name}` is taken")]
    Taken {
        /// The name.
        name: String,
    },
    /// It is empty or too long.
    #[error("a name has 1 to 200 bytes")]
    Invalid,
}

/// Registers a user. A journal keeps the arguments of functions that write: so the password itself does not come
/// here, but what [`Secret::of`] makes of it.
#[beldi::function(service = Users)]
pub async fn register(name: String, secret: Secret) -> Result<(), NameRefused> {
    if !super::can_be_key(&name) {
        return Err(NameRefused::Invalid);
    }
    // Two users may ask for one name at the same time: the row decides.
    User { name: name.clone(), secret }.put().when(User::absent()).await.map_err(|_| NameRefused::Taken { name })
}

/// Whether somebody is who they say. This function is `read_only` and leaves no trace of the password.
#[beldi::function(service = Users, read_only)]
pub async fn log_in(request: LogIn) -> Result<(), Stranger> {
    let LogIn { name, password } = request;
    if !super::can_be_key(&name) {
        return Err(Stranger { name });
    }
    match User::get(&name).await {
        Some(user) if Secret::of(&password, user.secret.salt.clone()) == user.secret => Ok(()),
        _ => Err(Stranger { name }),
    }
}
