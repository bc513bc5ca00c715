//! From the body of a request to the arguments of an invocation.
//!
//! Values are passed on as they are written, never through a parsed form: a number keeps all its digits.
//! Whether they have the right types is the receiver's to check, as for every invocation.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A body is not the arguments of the function.
#[derive(Debug, thiserror::Error)]
pub(in crate::host) enum ArgumentsError {
    /// It is no JSON at all.
    #[error("the body is no JSON: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It is JSON of another shape.
    #[error("the function takes {expected}, but {found}")]
    Shape { expected: String, found: String },
}

/// The most unknown members that an error lists, and the most characters of each.
const MAX_LISTED: usize = 8;
const MAX_LISTED_CHARS: usize = 64;

/// The arguments called `names`, as invocations carry them: an array, or `null` where there are none.
pub(in crate::host) fn from_body(names: &[&str], body: &[u8]) -> Result<String, ArgumentsError> {
    if body.trim_ascii().is_empty() {
        return if names.is_empty() { Ok(array(&[])) } else { Err(shape(names, "the body is empty")) };
    }
    let body: &RawValue = serde_json::from_slice(body)?;
    match (names, body.get().as_bytes()) {
        ([], b"null") => Ok(array(&[])),
        ([_], _) => Ok(array(&[body.get()])),
        (_, [b'[', ..]) => elements(names, body),
        (_, [b'{', ..]) => members(names, body),
        _ => Err(shape(names, "the body is neither an object nor an array")),
    }
}

fn array(values: &[&str]) -> String {
    if values.is_empty() { "null".to_owned() } else { format!("[{}]", values.join(",")) }
}

fn elements(names: &[&str], body: &RawValue) -> Result<String, ArgumentsError> {
    let values: Vec<&RawValue> = serde_json::from_str(body.get())?;
    if values.len() != names.len() {
        return Err(shape(names, format!("the array has {} values", values.len())));
    }
    Ok(array(&values.into_iter().map(RawValue::get).collect::<Vec<_>>()))
}

fn members(names: &[&str], body: &RawValue) -> Result<String, ArgumentsError> {
    let Members(members) = serde_json::from_str(body.get())?;
    let mut values = Vec::with_capacity(names.len());
    let mut complaints = Vec::new();
    for name in names {
        let mut of_name = members.iter().filter(|(member, _)| member == name);
        match (of_name.next(), of_name.next()) {
            (Some((_, value)), None) => values.push(value.get()),
            (Some(_), Some(_)) => complaints.push(format!("`{name}` is there twice")),
            (None, _) => complaints.push(format!("`{name}` is missing")),
        }
    }
    let unknown = members.iter().filter(|(member, _)| !names.contains(&member.as_str())).take(MAX_LISTED);
    let shortened = |name: &str| name.chars().take(MAX_LISTED_CHARS).collect::<String>();
    complaints.extend(unknown.map(|(member, _)| format!("`{}` is unknown", shortened(member))));
    if complaints.is_empty() { Ok(array(&values)) } else { Err(shape(names, complaints.join(", "))) }
}

fn shape(names: &[&str], found: impl Into<String>) -> ArgumentsError {
    let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let expected = match names {
        [] => "no arguments (an empty body, `null` or `{}`)".to_owned(),
        [_] => format!("the argument {listed} (the body is its value)"),
        _ => format!("the arguments {listed} (an object with these members, or an array of {} values)", names.len()),
    };
    ArgumentsError::Shape { expected, found: found.into() }
}

/// The members of an object in their order. A map would hide those that are there twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::from_body;

    fn arguments(names: &[&str], body: &str) -> String {
        from_body(names, body.as_bytes()).expect("arguments")
    }

    fn error(names: &[&str], body: &[u8]) -> String {
        from_body(names, body).expect_err("no arguments").to_string()
    }

    #[test]
    fn no_arguments_have_four_spellings() {
        for body in ["", " \n", "null", "{}", " { } ", "[]"] {
            assert_eq!(arguments(&[], body), "null", "{body:?}");
        }
        assert!(error(&[], b"1").contains("takes no arguments"));
        assert!(error(&[], br#"{"a":1}"#).contains("`a` is unknown"));
        assert!(error(&[], b"[1]").contains("the array has 1 values"));
    }

    #[test]
    fn one_argument_is_the_body() {
        assert_eq!(arguments(&["room"], " \"a\" "), "[\"a\"]");
        assert_eq!(arguments(&["rooms"], "[1, 2]"), "[[1, 2]]");
        assert_eq!(arguments(&["maybe"], "null"), "[null]");
        assert!(error(&["room"], b"").contains("takes the argument `room`"));
    }

    #[test]
    fn several_arguments_are_an_object_or_an_array() {
        let names = ["room", "night"];
        assert_eq!(arguments(&names, r#"{"night": 3, "room": {"no": 1}}"#), r#"[{"no": 1},3]"#);
        assert_eq!(arguments(&names, "[1, null]"), "[1,null]");
        assert!(error(&names, b"[1]").contains("the array has 1 values"));
        assert!(error(&names, b"\"1\"").contains("neither an object nor an array"));
        assert!(error(&names, b"").contains("`room`, `night`"));
    }

    #[test]
    fn every_wrong_member_is_named_together_with_those_expected() {
        let error = error(&["room", "night", "bed"], br#"{"room":1,"nite":2,"room":1}"#);
        assert!(error.contains("the arguments `room`, `night`, `bed`"), "{error}");
        assert!(error.contains("`room` is there twice, `night` is missing, `bed` is missing, `nite` is unknown"));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let digits = "340282366920938463463374607431768211455";
        assert_eq!(arguments(&["id"], digits), format!("[{digits}]"));
        assert_eq!(arguments(&["price"], "1.10"), "[1.10]");
    }

    #[test]
    fn what_is_no_json_is_refused_however_deep() {
        let deep = "[".repeat(200_000);
        for body in [b"{\"a\":".as_slice(), b"1 2", b"'a'", b"\"\xff\"", deep.as_bytes(), b"NaN"] {
            assert!(error(&["a"], body).starts_with("the body is no JSON"));
        }
    }
}
