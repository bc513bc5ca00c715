//! A call that a person can paste into a shell.

use crate::function::FunctionEntry;

/// A call of the first function whose arguments can be made up; if there is one, of a function with an effect and with
/// arguments, which refuses nothing.
pub(super) fn example<'a>(functions: impl Iterator<Item = &'a FunctionEntry>, gateway: &str) -> Option<String> {
    let calls = functions.filter_map(|function| {
        let body = body(function.signature, function.argument_names)?;
        let path = format!("{gateway}/functions/{}/{}", function.service, function.name);
        let refuses = function.signature.contains("-> Result<");
        let dull = (function.argument_names.is_empty(), function.read_only, refuses);
        let mut call = format!("curl {path}");
        if !function.read_only {
            call.push_str(" --header 'Idempotency-Key: example-1'");
        }
        call.push_str(&if body.is_empty() { " --request POST".to_owned() } else { format!(" --json '{body}'") });
        Some((dull, call))
    });
    calls.min_by_key(|(dull, _)| *dull).map(|(_, call)| call)
}

/// Made up arguments, as the gateway takes them; `None` if there is a type among them that only its author knows.
fn body(signature: &str, names: &[&str]) -> Option<String> {
    let values = names.iter().map(|name| value(type_of(signature, name)?)).collect::<Option<Vec<_>>>()?;
    match values.as_slice() {
        [] => Some(String::new()),
        [value] => Some((*value).to_owned()),
        values => {
            let members = names.iter().zip(values).map(|(name, value)| format!("\"{name}\": {value}"));
            Some(format!("{{{}}}", members.collect::<Vec<_>>().join(", ")))
        }
    }
}

/// The type of an argument, from the text of a signature.
fn type_of<'a>(signature: &'a str, name: &str) -> Option<&'a str> {
    let raw = format!("r#{name}: ");
    let plain = format!("{name}: ");
    let starts = |separator: &str| {
        [&raw, &plain].into_iter().find_map(|name| signature.split_once(&format!("{separator}{name}")))
    };
    let (_, rest) = starts("(").or_else(|| starts(", "))?;
    // A simple type ends here. Of others this is a part, for which no value is known.
    Some(&rest[..rest.find([',', ')'])?])
}

fn value(ty: &str) -> Option<&'static str> {
    Some(match ty {
        "String" => "\"example\"",
        "bool" => "true",
        "char" => "\"a\"",
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "1",
        "f32" | "f64" => "1.5",
        optional if optional.starts_with("Option<") => "null",
        list if list.starts_with("Vec<") => "[]",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::body;

    #[test]
    fn arguments_are_made_up() {
        let place = "async fn place(buyer: String, count: u32, gift: Option<Note>) -> Result<String, SoldOut>";
        assert_eq!(
            body(place, &["buyer", "count", "gift"]).as_deref(),
            Some(r#"{"buyer": "example", "count": 1, "gift": null}"#)
        );
        assert_eq!(body("async fn sum(of: Vec<(u8, u8)>) -> u8", &["of"]).as_deref(), Some("[]"));
        assert_eq!(body("#[beldi(read_only)] async fn all(r#type: String)", &["type"]).as_deref(), Some("\"example\""));
        assert_eq!(body("async fn close()", &[]).as_deref(), Some(""));
    }

    #[test]
    fn no_argument_is_made_up_that_only_its_author_knows() {
        assert_eq!(body("async fn reserve(count: u32, stay: Stay)", &["count", "stay"]), None);
        assert_eq!(body("async fn put(pair: (u8, u8))", &["pair"]), None);
    }
}
