//! Text: what reviews may say.

use beldi::prelude::*;

beldi::service! {
    /// Knows what reviews may say.
    pub Text = "text";
}

/// The most characters that a review may have.
const MAX_CHARS: usize = 2_000;

/// This is no text for a review.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a review has 1 to {limit} characters, not {chars}")]
pub struct InvalidText {
    /// How many characters there are, without needless white space.
    pub chars: usize,
    /// How many there may be.
    pub limit: usize,
}

/// The text as it is stored: without white space at its ends, and with one space where there were more.
#[beldi::function(service = Text, read_only)]
pub async fn prepare(text: String) -> Result<String, InvalidText> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let chars = text.chars().count();
    if (1..=MAX_CHARS).contains(&chars) { Ok(text) } else { Err(InvalidText { chars, limit: MAX_CHARS }) }
}
