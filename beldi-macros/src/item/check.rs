//! What DynamoDB and the protocol ask of an item.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::Type;

use super::model::Item;
use crate::catalogue;
use crate::errors::Errors;

const RESERVED_PREFIX: &str = "_beldi_";
/// Types that serde stores as something that DynamoDB takes for no key.
const NO_KEYS: &[&str] =
    &["bool", "f32", "f64", "Option", "Vec", "VecDeque", "HashMap", "BTreeMap", "HashSet", "BTreeSet", "IndexMap"];

/// Notes what is wrong with names and keys, and drops the indexes that cannot be expanded.
pub(super) fn check(item: &mut Item<'_>, errors: &mut Errors) {
    if let Some(table) = &item.table
        && !is_table_name(&table.value())
    {
        errors.push(table, &catalogue::table_name(&table.value()));
    }
    check_attributes(item, errors);
    check_keys(item, errors);
    check_indexes(item, errors);
}

fn check_attributes(item: &Item<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for field in &item.fields {
        let attribute = &field.names.attribute;
        if attribute.starts_with(RESERVED_PREFIX) {
            errors.push(field.blame(), &catalogue::reserved_attribute(attribute));
        }
        if !seen.insert(attribute) {
            errors.push(field.blame(), &catalogue::repeated_attribute(attribute));
        }
    }
}

fn check_keys(item: &Item<'_>, errors: &mut Errors) {
    let mut seen: Vec<&Ident> = Vec::new();
    for (role, field) in item.keys() {
        // A field that is a key of the table and of indexes is one mistake, not several.
        if seen.contains(&field.ident) {
            continue;
        }
        seen.push(field.ident);
        if is_no_key(field.ty) {
            errors.push(field.ty, &catalogue::key_type(role, &shown(field.ty)));
        }
        if let Some((option, tokens)) = &field.names.converted {
            errors.push(tokens, &catalogue::converted_key(option));
        }
    }
}

fn check_indexes(item: &mut Item<'_>, errors: &mut Errors) {
    let mut constants: Vec<Ident> = item.fields.iter().map(|field| field.constant.clone()).collect();
    item.indexes.retain(|index| {
        let is_name = is_table_name(&index.name.value());
        let is_taken = constants.contains(&index.constant);
        if !is_name {
            errors.push(&index.name, &catalogue::index_name(&index.name.value()));
        } else if is_taken {
            errors.push(&index.name, &catalogue::index_constant(&index.constant.to_string()));
        }
        constants.push(index.constant.clone());
        is_name && !is_taken
    });
}

/// DynamoDB has the same rule for tables and for indexes.
fn is_table_name(name: &str) -> bool {
    (3..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

fn is_no_key(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => {
            path.path.segments.last().is_some_and(|last| NO_KEYS.contains(&last.ident.to_string().as_str()))
        }
        Type::Tuple(_) | Type::Array(_) => true,
        Type::Paren(paren) => is_no_key(&paren.elem),
        Type::Group(group) => is_no_key(&group.elem),
        _ => false,
    }
}

/// A type as the user wrote it, without the spaces between its tokens.
fn shown(ty: &Type) -> String {
    let text = ty.to_token_stream().to_string();
    text.replace(" < ", "<").replace(" >", ">").replace(" ,", ",").replace(" ::", "::").replace(":: ", "::")
}

#[cfg(test)]
mod tests {
    use super::{is_no_key, is_table_name};

    #[test]
    fn table_names_are_dynamodbs() {
        for good in ["rooms", "a.b", "A_1-2"] {
            assert!(is_table_name(good), "{good}");
        }
        let long = "a".repeat(256);
        for bad in ["", "ab", "rooms!", "two words", "Zimmer für alle", &long] {
            assert!(!is_table_name(bad), "{bad}");
        }
    }

    #[test]
    fn evidently_no_keys() {
        for text in ["bool", "f64", "Option<String>", "std::vec::Vec<u8>", "(u32, u32)", "[u8; 4]"] {
            assert!(is_no_key(&syn::parse_str(text).expect("a type")), "{text}");
        }
        for text in ["String", "u64", "Date", "ids::RoomId", "bytes::ByteBuf"] {
            assert!(!is_no_key(&syn::parse_str(text).expect("a type")), "{text}");
        }
    }
}
