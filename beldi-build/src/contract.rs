//! The declaration of a service for the programs of others: the text of a `beldi::remote!`.
//!
//! Invariant: what is declared has the signatures that the service has, so that it is refused by none of its functions.

use std::collections::BTreeSet;

use beldi_core::manifest::{FunctionManifest, Manifest, ServiceManifest};

/// The types that a program needs not import.
const IN_SCOPE: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
    "usize", "str", "String", "Vec", "Option", "Result", "Box", "as", "dyn",
];

/// The declaration of a service of the manifest, as a program of somebody else includes it; `None` if there is no such
/// service. Types go by the names that they have in the signatures, and a comment lists those that must be in scope.
///
/// ```
/// # let json = r#"{"version": 1, "default_timeout_ms": 30000, "tables": [{
/// #     "name": "hotel-journal", "owner": "hotel", "holds": "journal",
/// #     "key": { "partition": { "name": "instance", "type": "S" } }
/// # }], "services": [{"name": "hotel", "functions": [{
/// #     "name": "reserve", "arguments": ["stay"], "read_only": false, "fallible": true, "at": "src/hotel.rs:9",
/// #     "signature": "async fn reserve(stay: Stay) -> Result<u32, SoldOut>", "retention_ms": 2592000000
/// # }]}]}"#;
/// let manifest = beldi_build::read(json)?;
/// let expected = r#"// The contract of the service `hotel`, as `cargo beldi contract hotel` writes it.
/// // Types that must be in scope: SoldOut, Stay.
/// beldi::remote! {
///     pub Hotel = "hotel";
///
///     #[beldi(retention = "30d")]
///     pub async fn reserve(stay: Stay) -> Result<u32, SoldOut>;
/// }
/// "#;
/// assert_eq!(beldi_build::contract(&manifest, "hotel").as_deref(), Some(expected));
/// # Ok::<(), beldi_build::ManifestError>(())
/// ```
pub fn contract(manifest: &Manifest, service: &str) -> Option<String> {
    let ServiceManifest { name, functions, .. } = manifest.services.iter().find(|one| one.name == service)?;
    let types: BTreeSet<&str> = functions.iter().flat_map(|function| types_in(&function.signature)).collect();
    let mut text = format!("// The contract of the service `{name}`, as `cargo beldi contract {name}` writes it.\n");
    if !types.is_empty() {
        let list: Vec<_> = types.iter().copied().collect();
        text.push_str(&format!("// Types that must be in scope: {}.\n", list.join(", ")));
    }
    let ident = type_name(name);
    let ident = if types.contains(ident.as_str()) { format!("{ident}Service") } else { ident };
    text.push_str(&format!("beldi::remote! {{\n    pub {ident} = \"{name}\";\n"));
    functions.iter().for_each(|function| text.push_str(&declaration(function)));
    text.push_str("}\n");
    Some(text)
}

fn declaration(function: &FunctionManifest) -> String {
    let FunctionManifest { signature, read_only, retention_ms, .. } = function;
    // The signature says itself, for those who compare it, that it is `read_only`.
    let start = signature.find("async fn").unwrap_or(0);
    let signature = &signature[start..];
    let read_only = read_only.then(|| "read_only".to_owned());
    let retention = retention_ms.map(|retention_ms| format!("retention = \"{}\"", span(retention_ms)));
    let options: Vec<_> = read_only.into_iter().chain(retention).collect();
    let attribute = if options.is_empty() { String::new() } else { format!("    #[beldi({})]\n", options.join(", ")) };
    format!("\n{attribute}    pub {signature};\n")
}

/// A span of time as `retention` takes it, in the largest unit that fits.
fn span(ms: u64) -> String {
    let units = [(24 * 3_600_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let fits = units.into_iter().find(|(unit_ms, _)| ms.is_multiple_of(*unit_ms));
    let (unit_ms, unit) = fits.unwrap_or((1, "ms"));
    format!("{}{unit}", ms / unit_ms)
}

/// `movie-review` is `MovieReview`.
fn type_name(service: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    service.split('-').map(capitalized).collect()
}

/// The types that a signature names and that are not in scope everywhere.
fn types_in(signature: &str) -> Vec<&str> {
    let function = signature.find("async fn").map_or(signature, |start| &signature[start..]);
    let mut rest = function.find('(').map_or("", |start| &function[start..]);
    let mut types = Vec::new();
    while let Some(start) = rest.find(|first: char| first.is_alphanumeric() || first == '_') {
        let word = &rest[start..];
        let end = word.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        rest = after;
        // What a `:` follows is an argument; `r#` stands in front of names that are keywords.
        let is_argument = after.starts_with(": ") || (word == "r" && after.starts_with('#'));
        if !is_argument && !word.starts_with(|first: char| first.is_numeric()) && !IN_SCOPE.contains(&word) {
            types.push(word);
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::{span, type_name, types_in};

    #[test]
    fn types_are_told_from_arguments_and_numbers() {
        assert_eq!(
            types_in("async fn reserve(stay: Stay) -> Result<Vec<Confirmation>, SoldOut>"),
            ["Stay", "Confirmation", "SoldOut"]
        );
        assert_eq!(
            types_in("#[beldi(read_only)] async fn free(r#type: [u8; 32], to: HashMap<Id, u8>)"),
            ["HashMap", "Id"]
        );
        assert!(types_in("async fn close()").is_empty());
    }

    #[test]
    fn names_and_spans() {
        assert_eq!((type_name("movie-review"), type_name("s3")), ("MovieReview".to_owned(), "S3".to_owned()));
        let spans = [(259_200_000, "3d"), (129_600_000, "36h"), (90_000, "90s"), (1, "1ms")];
        spans.into_iter().for_each(|(ms, text)| assert_eq!(span(ms), text));
    }
}
