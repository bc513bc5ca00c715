//! The options of an attribute: `service = Hotel, read_only, index(name = "by_city")`.
//!
//! The list is parsed leniently, one option at a time up to the next comma, so that a mistake in one
//! option does not hide the others.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{LitStr, Token};

use crate::catalogue;
use crate::errors::Errors;

/// An attribute that takes options, as its messages call it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    /// How the user writes the attribute: `beldi::function`.
    pub(crate) name: &'static str,
    /// The attribute with its options, written as it should be.
    pub(crate) form: &'static str,
    /// The options there are.
    pub(crate) known: &'static [&'static str],
    /// Those that may be given more than once.
    pub(crate) repeatable: &'static [&'static str],
}

/// The options given to an attribute.
#[derive(Debug)]
pub(crate) struct Options {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: Ident,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Flag,
    Is(TokenStream),
    List(Group),
}

impl Options {
    /// Parses the options, and notes those that are malformed, unknown or given twice.
    pub(crate) fn parse(owner: Owner, tokens: TokenStream, errors: &mut Errors) -> Self {
        let entries = split_at_commas(tokens).into_iter().filter_map(|part| {
            let parsed = Entry::parse.parse2(part.clone());
            if parsed.is_err() {
                errors.push(part, &catalogue::malformed_options(owner.name, owner.form));
            }
            parsed.ok()
        });
        let mut options = Self { entries: entries.collect() };
        options.name_service(owner, errors);
        options.refuse_strangers(owner, errors);
        options
    }

    /// Parses the options of somebody else's attribute, and leaves their mistakes to its owner.
    pub(crate) fn lenient(tokens: TokenStream) -> Self {
        let parts = split_at_commas(tokens).into_iter();
        Self { entries: parts.filter_map(|part| Entry::parse.parse2(part).ok()).collect() }
    }

    /// `#[beldi::function(Hotel)]` means a service. It is taken as one, after one message.
    fn name_service(&mut self, owner: Owner, errors: &mut Errors) {
        if !owner.known.contains(&"service") || self.find("service").is_some() {
            return;
        }
        let is_type = |name: &Ident| name.to_string().starts_with(|first: char| first.is_uppercase());
        let mut flags = self.entries.iter_mut().filter(|entry| matches!(entry.value, Value::Flag));
        if let Some(entry) = flags.find(|entry| is_type(&entry.name)) {
            let service = entry.name.clone();
            let form = format!("service = {service}");
            errors.push(&service, &catalogue::missing_option(owner.name, "service", &form));
            *entry = Entry { name: Ident::new("service", service.span()), value: Value::Is(quote::quote!(#service)) };
        }
    }

    fn refuse_strangers(&mut self, owner: Owner, errors: &mut Errors) {
        let mut seen = Vec::new();
        self.entries.retain(|entry| {
            let name = entry.name.unraw().to_string();
            if !owner.known.contains(&name.as_str()) {
                errors.push(&entry.name, &catalogue::unknown_option(owner.name, &name, owner.known));
                return false;
            }
            if seen.contains(&name) && !owner.repeatable.contains(&name.as_str()) {
                errors.push(&entry.name, &catalogue::repeated_option(&name));
                return false;
            }
            seen.push(name);
            true
        });
    }

    /// Where `name` was given.
    pub(crate) fn span(&self, name: &str) -> Option<Span> {
        self.find(name).map(|entry| entry.name.span())
    }

    /// Whether the flag `name` is there.
    pub(crate) fn flag(&self, name: &str, errors: &mut Errors) -> bool {
        let Some(entry) = self.find(name) else { return false };
        if !matches!(entry.value, Value::Flag) {
            errors.push(entry, &catalogue::malformed_option(name, name));
        }
        true
    }

    /// The value of `name = value`. `form` shows how it is written.
    pub(crate) fn value<T: Parse>(&self, name: &str, form: &str, errors: &mut Errors) -> Option<T> {
        let entry = self.find(name)?;
        let parsed = match &entry.value {
            Value::Is(tokens) => syn::parse2(tokens.clone()).ok(),
            Value::Flag | Value::List(_) => None,
        };
        if parsed.is_none() {
            errors.push(entry, &catalogue::malformed_option(name, form));
        }
        parsed
    }

    /// The text of `name = "text"`.
    pub(crate) fn text(&self, name: &str, form: &str, errors: &mut Errors) -> Option<LitStr> {
        self.value(name, form, errors)
    }

    /// The lists of all `name(..)`, each with the tokens to blame it by.
    pub(crate) fn lists(&self, name: &str, form: &str, errors: &mut Errors) -> Vec<(Ident, TokenStream)> {
        let mut lists = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.name == name) {
            match &entry.value {
                Value::List(list) => lists.push((entry.name.clone(), list.stream())),
                Value::Flag | Value::Is(_) => errors.push(entry, &catalogue::malformed_option(name, form)),
            }
        }
        lists
    }

    /// The option itself, to blame it.
    pub(crate) fn tokens(&self, name: &str) -> TokenStream {
        self.find(name).map(ToTokens::to_token_stream).unwrap_or_default()
    }

    fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = if input.is_empty() {
            Value::Flag
        } else if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Is(input.parse()?)
        } else {
            let list: Group = input.parse()?;
            if list.delimiter() != Delimiter::Parenthesis || !input.is_empty() {
                return Err(input.error("expected `(..)`"));
            }
            Value::List(list)
        };
        Ok(Self { name, value })
    }
}

impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.name.to_tokens(tokens);
        match &self.value {
            Value::Flag => {}
            Value::Is(value) => {
                tokens.extend(quote::quote!(=));
                value.to_tokens(tokens);
            }
            Value::List(list) => list.to_tokens(tokens),
        }
    }
}

/// The parts between commas. `<` and `>` count as brackets, since a path may have arguments.
fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    let mut depth = 0_usize;
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' => depth = depth.saturating_sub(1),
            TokenTree::Punct(punct) if punct.as_char() == ',' && depth == 0 => {
                parts.push(TokenStream::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.extend([token]);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}
