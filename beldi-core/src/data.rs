//! What crosses a boundary: arguments, results, journaled values.
//!
//! Invariant: what replay hands to a handler is what the live run handed to it. So every result of a
//! step is encoded when it is made and the handler is given the decoded value, live and in replay
//! (protocol, section 3).

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Arguments and results of functions: anything that serde can write and read back.
///
/// It is implemented for every type that is `Serialize`, `DeserializeOwned`, `Send` and `'static`; derive
/// the first two and the rest follows.
#[diagnostic::on_unimplemented(
    message = "BELDI008: `{Self}` cannot be an argument or a result of a beldi function",
    label = "not `Serialize + DeserializeOwned + Send + 'static`",
    note = "arguments and results are journaled and sent between services: add `#[derive(Serialize, Deserialize)]`, and use owned types"
)]
pub trait Data: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Data for T {}

/// A value could not be written as JSON, or the JSON is not what the type expects.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct DataError {
    what: String,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl DataError {
    /// The error of something else than JSON.
    pub(crate) fn foreign(what: &str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { what: what.to_owned(), source: Box::new(source) }
    }

    /// Which element of the array `json` is no value of its type, and why.
    pub(crate) fn in_element(&self, json: &str) -> Option<(usize, String)> {
        let error = self.source.downcast_ref::<serde_json::Error>()?;
        // Serde says where it stopped reading: in the element, or right behind it.
        let lines_before: usize = json.split_inclusive('\n').take(error.line().checked_sub(1)?).map(str::len).sum();
        let read = lines_before + error.column();
        let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        let end = |element: &RawValue| element.get().as_ptr().addr() - json.as_ptr().addr() + element.get().len();
        let element = elements.iter().position(|element| read <= end(element))?;
        let text = error.to_string();
        Some((element, text.rsplit_once(" at line ").map_or(text.as_str(), |(why, _)| why).to_owned()))
    }
}

/// The JSON of a value.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<String, DataError> {
    serde_json::to_string(value).map_err(|source| DataError {
        what: format!("a value of type `{}` cannot be written as JSON", std::any::type_name::<T>()),
        source: source.into(),
    })
}

/// The value that a JSON text stands for.
pub(crate) fn decode<T: DeserializeOwned>(json: &str) -> Result<T, DataError> {
    serde_json::from_str(json).map_err(|source| DataError {
        what: format!("the JSON is no `{}`", std::any::type_name::<T>()),
        source: source.into(),
    })
}

/// How deep [`canonical`] looks into a value; serde reads none that is deeper.
const MAX_DEPTH: u32 = 128;

/// Whether the order of the values in a list tells two texts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    /// It does.
    Ordered,
    /// It does not: the list may be a `HashSet`, whose order is another one in each attempt.
    Unordered,
}

/// One text for all spellings of a JSON value: no white space, members in order, one way to escape. Numbers
/// stay as they are written, so that none loses a digit.
pub(crate) fn canonical(json: &str, lists: Lists) -> String {
    let mut text = String::with_capacity(json.len());
    let written = serde_json::from_str(json).and_then(|value| write_canonical(value, lists, MAX_DEPTH, &mut text));
    if written.is_ok() { text } else { json.to_owned() }
}

fn write_canonical(value: &RawValue, lists: Lists, depth: u32, text: &mut String) -> serde_json::Result<()> {
    let json = value.get();
    match json.as_bytes() {
        [b'"', ..] => text.push_str(&serde_json::to_string(&serde_json::from_str::<String>(json)?)?),
        [b'[', ..] if depth > 0 => {
            let mut values = Vec::new();
            for value in serde_json::from_str::<Vec<&RawValue>>(json)? {
                let mut text = String::new();
                write_canonical(value, lists, depth - 1, &mut text)?;
                values.push(text);
            }
            if lists == Lists::Unordered {
                values.sort_unstable();
            }
            text.push('[');
            text.push_str(&values.join(","));
            text.push(']');
        }
        [b'{', ..] if depth > 0 => {
            text.push('{');
            for (place, (name, value)) in
                serde_json::from_str::<BTreeMap<String, &RawValue>>(json)?.into_iter().enumerate()
            {
                text.push_str(if place > 0 { "," } else { "" });
                text.push_str(&serde_json::to_string(&name)?);
                text.push(':');
                write_canonical(value, lists, depth - 1, text)?;
            }
            text.push('}');
        }
        _ => text.push_str(json),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Lists;

    #[test]
    fn the_element_that_does_not_fit_is_found() {
        let found = |json: &str| {
            let error = super::decode::<(String, Vec<u8>, Option<u32>)>(json).expect_err("it does not fit");
            error.in_element(json)
        };
        let text = "invalid type: string \"x\", expected u32".to_owned();
        assert_eq!(found(r#"["a", [1], "x"]"#), Some((2, text.clone())));
        assert_eq!(found("[\n  \"\u{e4}\",\n  [1],\n  \"x\"\n]"), Some((2, text)));
        let text = |number: &str, expected: &str| format!("invalid {number}, expected {expected}");
        assert_eq!(found(r#"["a", [1, 256], 1]"#), Some((1, text("value: integer `256`", "u8"))));
        assert_eq!(found(r#"[1, [], 1]"#), Some((0, text("type: integer `1`", "a string"))));
        assert_eq!(found(r#"["a", {"b": 1}, 1]"#), Some((1, text("type: map", "a sequence"))));
        assert_eq!(found(r#"["a"]"#), None);
    }

    fn canonical(json: &str) -> String {
        super::canonical(json, Lists::Ordered)
    }

    #[test]
    fn spellings_of_one_value_have_one_text() {
        let text = r#"{"a":[1,{"c":null,"d":"x"}],"b":1.50}"#;
        for spelling in [text, r#" { "b" : 1.50, "a" : [ 1, { "d" : "\u0078", "c" : null } ] } "#] {
            assert_eq!(canonical(spelling), text);
        }
        assert_ne!(canonical("18446744073709551616"), canonical("18446744073709551617"));
        assert_ne!(canonical(r#"["1"]"#), canonical("[1]"));
    }

    #[test]
    fn what_is_too_deep_or_no_json_is_left_as_it_is() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for json in [deep.as_str(), "[1", ""] {
            assert_eq!(canonical(json), json);
        }
    }
}
