//! The cases of `#[serde(rename_all = "..")]`, as serde applies them to fields, and of our constants.

/// A field's name in the case that serde calls `rule`; nothing for a rule that serde does not have.
pub(super) fn rename(field: &str, rule: &str) -> Option<String> {
    let renamed = match rule {
        "lowercase" | "snake_case" => field.to_owned(),
        "UPPERCASE" | "SCREAMING_SNAKE_CASE" => field.to_ascii_uppercase(),
        "PascalCase" => pascal(field),
        "camelCase" => {
            let pascal = pascal(field);
            let mut characters = pascal.chars();
            let first = characters.next().map(|first| first.to_ascii_lowercase());
            first.into_iter().chain(characters).collect()
        }
        "kebab-case" => field.replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => field.to_ascii_uppercase().replace('_', "-"),
        _ => return None,
    };
    Some(renamed)
}

fn pascal(field: &str) -> String {
    let word = |word: &str| {
        let mut characters = word.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).collect::<String>()
    };
    field.split('_').map(word).collect()
}

/// The name of the constant of a field or an index: `by_city` and `by-city` are `BY_CITY`.
pub(super) fn constant(name: &str) -> String {
    let upper = name.to_uppercase().replace(|character: char| !character.is_alphanumeric() && character != '_', "_");
    if upper.starts_with(|first: char| first.is_ascii_digit()) { format!("_{upper}") } else { upper }
}

#[cfg(test)]
mod tests {
    use super::{constant, rename};

    #[test]
    fn as_serde_does_it() {
        for (rule, expected) in [
            ("lowercase", "hotel_id"),
            ("snake_case", "hotel_id"),
            ("UPPERCASE", "HOTEL_ID"),
            ("SCREAMING_SNAKE_CASE", "HOTEL_ID"),
            ("PascalCase", "HotelId"),
            ("camelCase", "hotelId"),
            ("kebab-case", "hotel-id"),
            ("SCREAMING-KEBAB-CASE", "HOTEL-ID"),
        ] {
            assert_eq!(rename("hotel_id", rule).as_deref(), Some(expected));
        }
        assert_eq!(rename("hotel_id", "Title Case"), None);
    }

    #[test]
    fn constants_are_identifiers() {
        assert_eq!(constant("by-city.v2"), "BY_CITY_V2");
        assert_eq!(constant("2nd"), "_2ND");
    }
}
