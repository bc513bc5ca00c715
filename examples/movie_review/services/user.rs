//! User: who writes reviews.

use beldi::prelude::*;
use uuid::Uuid;

beldi::service! {
    /// Knows who writes reviews.
    pub Users = "user";
}

/// Somebody who writes reviews.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Users, table = "users")]
pub struct User {
    /// The name that the user is known by.
    #[beldi(partition_key)]
    pub name: String,
    /// What reviews name the user by.
    pub id: Uuid,
}

/// Nobody has registered under this name.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no user `{name}`")]
pub struct UnknownUser {
    /// The name that was asked for.
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

/// Registers a user and gives the new user's id.
#[beldi::function(service = Users)]
pub async fn register(name: String) -> Result<Uuid, NameRefused> {
    if !super::can_be_key(&name) {
        return Err(NameRefused::Invalid);
    }
    let user = User { id: beldi::uuid().await, name };
    // Two users may ask for one name at the same time: the row decides.
    match user.put().when(User::absent()).await {
        Ok(()) => Ok(user.id),
        Err(_) => Err(NameRefused::Taken { name: user.name }),
    }
}

/// The id of a user.
#[beldi::function(service = Users, read_only)]
pub async fn find(name: String) -> Result<Uuid, UnknownUser> {
    if !super::can_be_key(&name) {
        return Err(UnknownUser { name });
    }
    match User::get(&name).await {
        Some(user) => Ok(user.id),
        None => Err(UnknownUser { name }),
    }
}
