//! Requests and responses in a few words, for people who read a trace.

use super::{Attributes, Request, Response};
use crate::attributes::key_text;

impl Request {
    /// The key of the item that the request is about, where there is one.
    pub(crate) fn key_text(&self) -> Option<String> {
        match self {
            Self::Get(request) => Some(key_text(&request.key)),
            Self::Update(request) => Some(key_text(&request.key)),
            Self::Delete(request) => Some(key_text(&request.key)),
            // Whole items are put only into journals.
            Self::Put(request) => Some(journal_key(&request.item)),
            Self::Query(request) => {
                let values = request.placeholders.values().map(|(_, value)| ("key".to_owned(), value.clone()));
                Some(key_text(&values.take(1).collect()))
            }
            Self::Scan(_) | Self::BatchGet(_) | Self::TransactWrite(_) => None,
            Self::CreateTable(_) | Self::DescribeTable(_) => None,
        }
    }
}

fn journal_key(item: &Attributes) -> String {
    let is_key = |name: &str| name == "instance" || name == "record";
    let key = item.iter().filter(|(name, _)| is_key(name));
    key_text(&key.map(|(name, value)| (name.clone(), value.clone())).collect())
}

impl Response {
    /// What came back to a request of this name.
    pub(crate) fn in_words(&self, operation: &str) -> String {
        match self {
            Self::Item(_) if operation == "UpdateItem" => "done".to_owned(),
            Self::Item(Some(_)) => "an item".to_owned(),
            Self::Item(None) => "no item".to_owned(),
            Self::Page(page) => format!("{} items", page.items.len()),
            Self::Batch { items, .. } => format!("{} items", items.len()),
            Self::Table(_) => "a table".to_owned(),
            Self::Done => "done".to_owned(),
        }
    }
}
