//! The declarations in `remote!`, parsed one by one, so that a mistake in one does not hide the others.

use std::time::Duration;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Meta, Token, token};

use crate::callable::{Callable, Place};
use crate::errors::Errors;
use crate::options::{Options, Owner};
use crate::service::Service;
use crate::{catalogue, timeout};

const OWNER: Owner = Owner {
    name: "beldi::remote!",
    form: "#[beldi(read_only, retention = \"7d\")]",
    known: &["read_only", "retention"],
    repeatable: &[],
};

/// A service of another program, and what could be read of its functions.
struct Remote {
    service: Service,
    functions: Vec<Result<Declared, TokenStream>>,
}

/// A function of another program.
pub(super) struct Declared {
    /// Our own attributes.
    pub(super) attributes: Vec<Attribute>,
    /// The function, with an empty body.
    pub(super) callable: Callable,
    /// The body, which should not be there.
    body: Option<TokenStream>,
}

/// What callers must know beside the signature.
pub(super) struct RemoteOptions {
    pub(super) read_only: bool,
    pub(super) retention: Option<Duration>,
}

/// Parses the whole, and notes declarations that are none. Gives nothing if it does not begin with a service.
pub(super) fn remote(tokens: TokenStream, errors: &mut Errors) -> Option<(Service, Vec<Declared>)> {
    let Remote { service, functions } = syn::parse2(tokens).ok()?;
    let functions = functions.into_iter().filter_map(|function| match function {
        Ok(declared) => Some(declared),
        Err(tokens) => {
            errors.push(tokens, &catalogue::remote_function_malformed());
            None
        }
    });
    Some((service, functions.collect()))
}

impl Parse for Remote {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let service = input.parse()?;
        let mut functions = Vec::new();
        while !input.is_empty() {
            // Looked at from a copy, so that what is no declaration is still there to be skipped.
            let is_declaration = Declared::parse(&input.fork()).is_ok();
            functions.push(if is_declaration { Ok(input.parse()?) } else { Err(skip(input)?) });
        }
        Ok(Self { service, functions })
    }
}

/// The tokens of one declaration, up to its `;` or body.
fn skip(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut skipped = TokenStream::new();
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let is_last = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        skipped.extend([token]);
        if is_last {
            break;
        }
    }
    Ok(skipped)
}

impl Parse for Declared {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (attributes, attrs) =
            input.call(Attribute::parse_outer)?.into_iter().partition(|attr| attr.path().is_ident("beldi"));
        let (vis, sig) = (input.parse()?, input.parse()?);
        let body = match input.peek(token::Brace) {
            true => Some(TokenStream::from(input.parse::<TokenTree>()?)),
            false => input.parse::<Token![;]>().map(|_| None)?,
        };
        let callable = Callable { attrs, vis, sig, body: Ok(syn::parse_quote!({})) };
        Ok(Self { attributes, callable, body })
    }
}

impl Declared {
    /// Refuses what belongs to code.
    pub(super) fn check(&self, errors: &mut Errors) {
        if let Some(body) = &self.body {
            errors.push(body, &catalogue::remote_body(&self.callable.sig.ident.to_string()));
        }
        for attr in self.callable.attrs.iter().filter(|attr| Place::of(attr) == Place::Body) {
            errors.push(attr, &catalogue::remote_attribute());
        }
    }
}

/// The options in `#[beldi(..)]`.
pub(super) fn options(attributes: &[Attribute], errors: &mut Errors) -> RemoteOptions {
    let mut tokens = TokenStream::new();
    for attribute in attributes {
        match &attribute.meta {
            Meta::List(list) => {
                let list = &list.tokens;
                tokens.extend(quote!(#list,));
            }
            _ => errors.push(attribute, &catalogue::malformed_options(OWNER.name, OWNER.form)),
        }
    }
    let options = Options::parse(OWNER, tokens, errors);
    RemoteOptions {
        read_only: options.flag("read_only", errors),
        retention: options
            .text("retention", "retention = \"7d\"", errors)
            .and_then(|text| timeout::parse_retention(&text, errors)),
    }
}
