//! What a step asked for, recorded so that a replay that asks for something else is noticed.

use std::fmt;

use serde_dynamo::AttributeValue;

use crate::ids::digest;

/// What a step does, apart from where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct What {
    /// The kind of operation: `get`, `put`, `call` and so on.
    pub(crate) kind: String,
    /// The table, function or action.
    pub(crate) target: String,
    /// The key, as text; empty where there is none.
    pub(crate) key: String,
    /// A hash of everything else that was asked for: what is written, arguments, conditions.
    pub(crate) hash: u64,
}

impl What {
    pub(crate) fn new(kind: &str, target: &str, key: String, content: &[u8]) -> Self {
        let hash = (digest(&[content]) >> 64) as u64;
        Self { kind: kind.to_owned(), target: target.to_owned(), key, hash }
    }
}

/// What a step asked for, and where in the source.
///
/// The line is for people. It is not compared, so that an edit elsewhere in the file does not strand
/// instances that are running; the number of the step in the source is.
#[derive(Debug, Clone)]
pub(crate) struct Fingerprint {
    /// The function or helper, and the number of the `.await` in its source: `reserve#2`.
    pub(crate) site: String,
    pub(crate) line: u32,
    pub(crate) what: What,
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.site == other.site && self.what == other.what
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let What { kind, target, key, hash } = &self.what;
        write!(f, "`{kind} {target}")?;
        if !key.is_empty() {
            write!(f, " {key}")?;
        }
        write!(f, "` with content {hash:016x} (step {} in the source, line {})", self.site, self.line)
    }
}

impl Fingerprint {
    pub(crate) fn to_attribute(&self) -> AttributeValue {
        let What { kind, target, key, hash } = &self.what;
        let parts = [self.site.clone(), self.line.to_string(), kind.clone(), target.clone(), key.clone()];
        let hash = format!("{hash:016x}");
        AttributeValue::L(parts.into_iter().chain([hash]).map(AttributeValue::S).collect())
    }

    pub(crate) fn from_attribute(value: &AttributeValue) -> Option<Self> {
        let AttributeValue::L(parts) = value else { return None };
        let text = |place: usize| match parts.get(place) {
            Some(AttributeValue::S(text)) => Some(text.clone()),
            _ => None,
        };
        Some(Self {
            site: text(0)?,
            line: text(1)?.parse().ok()?,
            what: What {
                kind: text(2)?,
                target: text(3)?,
                key: text(4)?,
                hash: u64::from_str_radix(&text(5)?, 16).ok()?,
            },
        })
    }
}
