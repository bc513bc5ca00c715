//! What an item is, once its tokens are understood.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{LitStr, Path, Type, Visibility};

use super::case;
use super::names::FieldNames;
use super::parse::{ParsedField, ParsedIndex, ParsedItem};
use crate::catalogue;
use crate::errors::Errors;

/// An item. What is absent is absent after a mistake.
pub(super) struct Item<'a> {
    pub(super) ident: &'a Ident,
    pub(super) service: Option<Path>,
    pub(super) table: Option<LitStr>,
    /// The fields that are stored.
    pub(super) fields: Vec<StoredField<'a>>,
    /// Where in `fields` the partition key is.
    pub(super) partition_key: Option<usize>,
    /// Where in `fields` the sort key is.
    pub(super) sort_key: Option<usize>,
    pub(super) indexes: Vec<Index>,
}

/// A field that is an attribute of the row.
pub(super) struct StoredField<'a> {
    pub(super) ident: &'a Ident,
    pub(super) vis: &'a Visibility,
    pub(super) ty: &'a Type,
    pub(super) names: FieldNames,
    pub(super) constant: Ident,
}

/// An index over stored fields.
pub(super) struct Index {
    pub(super) name: LitStr,
    pub(super) constant: Ident,
    /// Where in the item's fields its partition key is.
    pub(super) partition_key: usize,
    /// Where in the item's fields its sort key is.
    pub(super) sort_key: Option<usize>,
}

impl<'a> Item<'a> {
    /// The model of an item. Notes keys that are missing, too many, or not stored.
    pub(super) fn new(parsed: ParsedItem<'a>, errors: &mut Errors) -> Self {
        let ident = &parsed.input.ident;
        let stored = stored(parsed.fields, errors);
        let partition_key = sole_key(&stored, "partition key", |field| field.partition_key, errors);
        let sort_key = sole_key(&stored, "sort key", |field| field.sort_key, errors);
        if partition_key.is_none() {
            errors.push(ident, &catalogue::no_partition_key(&ident.to_string()));
        } else if let (Some(partition), Some(sort)) = (partition_key, sort_key)
            && partition == sort
        {
            errors.push_at(stored[sort].sort_key.unwrap_or_else(Span::call_site), &catalogue::both_keys());
        }
        let fields: Vec<StoredField<'_>> = stored.into_iter().map(StoredField::new).collect();
        let indexes = parsed.indexes.into_iter().filter_map(|index| Index::new(index, &fields, errors)).collect();
        Self { ident, service: parsed.service, table: parsed.table, fields, partition_key, sort_key, indexes }
    }

    /// All key fields with their role, those of indexes included.
    pub(super) fn keys(&self) -> Vec<(&'static str, &StoredField<'a>)> {
        let of_table = [("partition key", self.partition_key), ("sort key", self.sort_key)];
        let of_indexes = self.indexes.iter().flat_map(|index| {
            [("partition key of an index", Some(index.partition_key)), ("sort key of an index", index.sort_key)]
        });
        let all = of_table.into_iter().chain(of_indexes);
        all.filter_map(|(role, index)| Some((role, self.fields.get(index?)?))).collect()
    }
}

fn stored<'a>(fields: Vec<ParsedField<'a>>, errors: &mut Errors) -> Vec<ParsedField<'a>> {
    let mut stored = Vec::new();
    for field in fields {
        let key = field.partition_key.or(field.sort_key);
        match key {
            _ if !field.names.skipped => stored.push(field),
            Some(span) => {
                errors.push_at(span, &catalogue::skipped_key());
                // It is a key all the same, so that a missing key is not reported as well.
                stored.push(field);
            }
            None => {}
        }
    }
    stored
}

/// Where the only field with this role is. Notes each further one.
fn sole_key(
    fields: &[ParsedField<'_>],
    role: &str,
    marked: impl Fn(&ParsedField<'_>) -> Option<Span>,
    errors: &mut Errors,
) -> Option<usize> {
    let mut keys = fields.iter().enumerate().filter_map(|(index, field)| Some((index, marked(field)?)));
    let first = keys.next()?;
    for (_, second) in keys {
        errors.push_at(second, &catalogue::repeated_key(role));
    }
    Some(first.0)
}

impl<'a> StoredField<'a> {
    fn new(parsed: ParsedField<'a>) -> Self {
        let constant = case::constant(&parsed.ident.unraw().to_string());
        Self {
            ident: parsed.ident,
            vis: &parsed.field.vis,
            ty: &parsed.field.ty,
            names: parsed.names,
            constant: Ident::new(&constant, parsed.ident.span()),
        }
    }

    /// The tokens to blame for the attribute's name.
    pub(super) fn blame(&self) -> TokenStream {
        self.names.blame.clone().unwrap_or_else(|| self.ident.to_token_stream())
    }
}

impl Index {
    fn new(parsed: ParsedIndex, fields: &[StoredField<'_>], errors: &mut Errors) -> Option<Self> {
        let mut find = |name: &Ident| {
            let found = fields.iter().position(|field| field.ident.unraw() == name.unraw());
            if found.is_none() {
                let known: Vec<String> = fields.iter().map(|field| field.ident.unraw().to_string()).collect();
                errors.push(name, &catalogue::index_field(&name.unraw().to_string(), &known));
            }
            found
        };
        let partition_key = find(&parsed.partition_key);
        let sort_key = parsed.sort_key.as_ref().map(&mut find);
        let constant = Ident::new(&case::constant(&parsed.name.value()), parsed.name.span());
        Some(Self { name: parsed.name, constant, partition_key: partition_key?, sort_key: sort_key.flatten() })
    }
}
