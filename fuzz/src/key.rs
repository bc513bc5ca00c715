//! Keys and page tokens.
//!
//! Laws: a number has one text as a key, and it is the same number; a page token comes back as it was.

use beldi_core::{PageToken, fuzzing};

use super::Found;

/// Checks the laws on these bytes. Gives what they are.
pub fn check(data: &[u8]) -> Found {
    let mut found = Found::new();
    let text = super::text(data);
    if let Some(plain) = fuzzing::number_key(text) {
        found.push("number");
        assert_eq!(fuzzing::number_key(&plain), Some(plain.clone()));
        let (was, is) = (text.parse::<f64>().expect("a number"), plain.parse::<f64>().expect("a number"));
        assert!(was == is, "{text} became {plain}");
    }
    if let Ok(token) = serde_json::from_str::<PageToken>(text) {
        found.push("page token");
        let json = serde_json::to_string(&token).expect("a token is JSON");
        assert_eq!(serde_json::from_str::<PageToken>(&json).ok(), Some(token));
    }
    found
}
