//! What a test puts into tables, and what it finds there and in journals.

use crate::attributes::key_text;
use crate::daal::user_attributes;
use crate::ids::InstanceId;
use crate::item::{Item, key_attributes};
use crate::key::IntoKey;
use crate::store::{Attributes, GetItem, Placeholders, PutItem};

use super::state::{locked_rows, scan};
use super::trial::Trial;

impl Trial {
    /// Puts rows into their table, as if they had always been there.
    ///
    /// # Panics
    ///
    /// If a row cannot be written.
    pub async fn given<I: Item>(&self, rows: impl IntoIterator<Item = I>) {
        for row in rows {
            let item: Attributes = serde_dynamo::to_item(&row).expect("a row can be stored");
            let put =
                PutItem { table: I::TABLE.to_owned(), item, condition: None, placeholders: Placeholders::default() };
            answered(self.host().environment().store.put(put).await);
        }
    }

    /// The row with this key, as it is in the table, if it is there.
    ///
    /// # Panics
    ///
    /// If the key is none, or the row is not what its type expects.
    pub async fn row<I: Item>(&self, key: impl IntoKey<I::Key>) -> Option<I> {
        let key = key_attributes::<I>(key.into_key().expect("a key"));
        let get = GetItem { table: I::TABLE.to_owned(), key, consistent: true };
        let item = answered(self.host().environment().store.get(get).await);
        user_attributes(item).map(read)
    }

    /// All rows of the table of `I`, in the order of their keys.
    ///
    /// # Panics
    ///
    /// If a row is not what its type expects.
    pub async fn rows<I: Item>(&self) -> Vec<I> {
        let items = answered(scan(&self.host().environment(), I::TABLE).await);
        let is_key = |name: &str| name == I::SCHEMA.partition_key || Some(name) == I::SCHEMA.sort_key;
        let mut rows: Vec<_> = items.into_iter().filter_map(|item| user_attributes(Some(item))).collect();
        rows.sort_by_cached_key(|row| {
            let key = row.iter().filter(|(name, _)| is_key(name));
            key_text(&key.map(|(name, value)| (name.clone(), value.clone())).collect())
        });
        rows.into_iter().map(read).collect()
    }

    /// The rows that are locked now, as they are in the store. At the end of a test there must be none.
    ///
    /// # Panics
    ///
    /// If the store fails.
    pub async fn locked(&self) -> Vec<String> {
        answered(locked_rows(self.host()).await)
    }

    /// All parked instances with their last errors. At the end of a test there must be none: restart them, or the
    /// test fails.
    ///
    /// # Panics
    ///
    /// If the store fails.
    pub async fn parked(&self) -> Vec<(InstanceId, String)> {
        let environment = self.host().environment();
        let mut parked = Vec::new();
        for service in environment.registry.services() {
            parked.extend(answered(self.client().parked(service).await));
        }
        parked
    }
}

fn read<I: Item>(attributes: Attributes) -> I {
    serde_dynamo::from_item(attributes).expect("a row is what its type expects")
}

fn answered<T, E: std::fmt::Display>(answer: Result<T, E>) -> T {
    answer.unwrap_or_else(|error| panic!("the store does not answer: {error}"))
}
