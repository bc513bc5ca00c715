//! The attribute names that serde gives to fields, read from `#[serde(..)]`.

use proc_macro2::TokenStream;
use syn::{Attribute, LitStr, Meta};

use super::case;
use crate::catalogue;
use crate::errors::Errors;
use crate::options::Options;

/// Options of a struct under which its attributes are not those of its fields.
const HIDES_ATTRIBUTES: &[&str] = &["transparent", "tag", "untagged", "from", "try_from", "into", "remote"];
/// Options under which a field is stored in another form than its type alone.
const CONVERTS: &[&str] = &["with", "serialize_with", "deserialize_with"];

/// What `#[serde(..)]` says about a struct.
pub(super) struct StructNames {
    rename_all: Option<String>,
}

/// What `#[serde(..)]` says about a field.
pub(super) struct FieldNames {
    /// The attribute that holds the field.
    pub(super) attribute: String,
    /// The tokens that name it: the option that renames the field.
    pub(super) blame: Option<TokenStream>,
    /// `#[serde(skip)]` and `#[serde(skip_serializing)]`: the field is not stored.
    pub(super) skipped: bool,
    /// The option by which a function of the user converts the field.
    pub(super) converted: Option<(&'static str, TokenStream)>,
}

impl StructNames {
    /// Reads the attributes of a struct.
    pub(super) fn read(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let options = serde_options(attrs);
        for hiding in HIDES_ATTRIBUTES {
            if options.span(hiding).is_some() {
                errors.push(options.tokens(hiding), &catalogue::hidden_attributes(hiding));
            }
        }
        Self { rename_all: name(&options, "rename_all", errors) }
    }

    /// Reads the attributes of the field `ident`.
    pub(super) fn field(&self, ident: &str, attrs: &[Attribute], errors: &mut Errors) -> FieldNames {
        let options = serde_options(attrs);
        if options.span("flatten").is_some() {
            errors.push(options.tokens("flatten"), &catalogue::hidden_attributes("flatten"));
        }
        let renamed = name(&options, "rename", errors);
        let blame = renamed.is_some().then(|| options.tokens("rename"));
        let by_rule = || self.rename_all.as_deref().and_then(|rule| case::rename(ident, rule));
        let converted = CONVERTS.iter().find(|converts| options.span(converts).is_some());
        FieldNames {
            attribute: renamed.or_else(by_rule).unwrap_or_else(|| ident.to_owned()),
            blame,
            skipped: options.span("skip").or(options.span("skip_serializing")).is_some(),
            converted: converted.map(|converts| (*converts, options.tokens(converts))),
        }
    }
}

/// The text of `option = ".."`, or of `option(serialize = "..", deserialize = "..")` when both agree.
fn name(options: &Options, option: &str, errors: &mut Errors) -> Option<String> {
    // Malformed options are serde's to report.
    let mut ignored = Errors::default();
    if let Some((_, list)) = options.lists(option, "", &mut ignored).pop() {
        let list = Options::lenient(list);
        let mut side = |side: &str| list.text(side, "", &mut ignored).map(|text| text.value());
        let (written, read) = (side("serialize"), side("deserialize"));
        if written != read {
            errors.push(options.tokens(option), &catalogue::asymmetric_name());
        }
        return written;
    }
    let text: Option<LitStr> = options.text(option, "", &mut ignored);
    text.map(|text| text.value())
}

fn serde_options(attrs: &[Attribute]) -> Options {
    let mut tokens = TokenStream::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        if let Meta::List(list) = &attr.meta {
            tokens.extend(list.tokens.clone());
            tokens.extend(quote::quote!(,));
        }
    }
    Options::lenient(tokens)
}
