//! The struct and its `#[beldi(..)]` attributes, as the user wrote them.

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Field, Fields, FieldsNamed, LitStr, Meta, Path};

use super::names::{FieldNames, StructNames};
use crate::catalogue;
use crate::errors::Errors;
use crate::options::{Options, Owner};

const STRUCT: Owner = Owner {
    name: "beldi",
    form: "#[beldi(service = Hotel, table = \"rooms\")]",
    known: &["service", "table", "index"],
    repeatable: &["index"],
};
const FIELD: Owner =
    Owner { name: "beldi", form: "#[beldi(partition_key)]", known: &["partition_key", "sort_key"], repeatable: &[] };
const INDEX_FORM: &str = "index(name = \"by_city\", partition_key = city, sort_key = free)";
const INDEX: Owner =
    Owner { name: "index", form: INDEX_FORM, known: &["name", "partition_key", "sort_key"], repeatable: &[] };

/// A struct with its options.
pub(super) struct ParsedItem<'a> {
    pub(super) input: &'a DeriveInput,
    pub(super) service: Option<Path>,
    pub(super) table: Option<LitStr>,
    pub(super) indexes: Vec<ParsedIndex>,
    pub(super) fields: Vec<ParsedField<'a>>,
}

/// An index, by the names that the user gave.
pub(super) struct ParsedIndex {
    pub(super) name: LitStr,
    pub(super) partition_key: Ident,
    pub(super) sort_key: Option<Ident>,
}

/// A field with its options.
pub(super) struct ParsedField<'a> {
    pub(super) field: &'a Field,
    pub(super) ident: &'a Ident,
    pub(super) names: FieldNames,
    /// Where it was marked as partition key.
    pub(super) partition_key: Option<Span>,
    /// Where it was marked as sort key.
    pub(super) sort_key: Option<Span>,
}

/// Parses the struct. What is no struct with named fields has at most a service.
pub(super) fn parse<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Result<ParsedItem<'a>, Option<Path>> {
    let options = options(&input.attrs, STRUCT, errors);
    for (option, form) in [("service", "#[beldi(service = Hotel)]"), ("table", "#[beldi(table = \"rooms\")]")] {
        if options.span(option).is_none() {
            errors.push(&input.ident, &catalogue::missing_option("#[derive(Item)]", option, form));
        }
    }
    let service = options.value("service", "service = Hotel", errors);
    let Some(fields) = named_fields(input, errors) else { return Err(service) };
    let names = StructNames::read(&input.attrs, errors);
    Ok(ParsedItem {
        input,
        service,
        table: options.text("table", "table = \"rooms\"", errors),
        indexes: indexes(&options, errors),
        fields: fields.named.iter().filter_map(|field| parse_field(field, &names, errors)).collect(),
    })
}

fn named_fields<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<&'a FieldsNamed> {
    let found = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if input.generics.params.is_empty() => return Some(fields),
            Fields::Named(_) => {
                errors.push(&input.generics, &catalogue::item_generic());
                return None;
            }
            Fields::Unnamed(_) => "a tuple struct",
            Fields::Unit => "a unit struct",
        },
        Data::Enum(_) => "an enum",
        Data::Union(_) => "a union",
    };
    errors.push(&input.ident, &catalogue::item_shape(found));
    None
}

fn parse_field<'a>(field: &'a Field, names: &StructNames, errors: &mut Errors) -> Option<ParsedField<'a>> {
    let ident = field.ident.as_ref()?;
    let options = options(&field.attrs, FIELD, errors);
    for key in FIELD.known {
        options.flag(key, errors);
    }
    Some(ParsedField {
        field,
        ident,
        names: names.field(&ident.unraw().to_string(), &field.attrs, errors),
        partition_key: options.span("partition_key"),
        sort_key: options.span("sort_key"),
    })
}

fn indexes(options: &Options, errors: &mut Errors) -> Vec<ParsedIndex> {
    let mut indexes = Vec::new();
    for (keyword, list) in options.lists("index", INDEX_FORM, errors) {
        let options = Options::parse(INDEX, list, errors);
        for required in ["name", "partition_key"] {
            if options.span(required).is_none() {
                errors.push(&keyword, &catalogue::missing_option("index", required, INDEX_FORM));
            }
        }
        let name = options.text("name", "name = \"by_city\"", errors);
        let partition_key = options.value("partition_key", "partition_key = city", errors);
        let sort_key = options.value("sort_key", "sort_key = free", errors);
        if let (Some(name), Some(partition_key)) = (name, partition_key) {
            indexes.push(ParsedIndex { name, partition_key, sort_key });
        }
    }
    indexes
}

/// The options of all `#[beldi(..)]` of one owner, which count as one list.
fn options(attrs: &[Attribute], owner: Owner, errors: &mut Errors) -> Options {
    let mut tokens = TokenStream::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("beldi")) {
        match &attr.meta {
            Meta::List(list) => {
                tokens.extend(list.tokens.clone());
                tokens.extend(quote::quote!(,));
            }
            other => errors.push(other, &catalogue::malformed_options(owner.name, owner.form)),
        }
    }
    Options::parse(owner, tokens, errors)
}
