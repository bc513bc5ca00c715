//! The body of a function or helper: check it for what a replay could not repeat, and make each
//! `.await` a step.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Block, Path, Type};

use crate::catalogue;
use crate::errors::Errors;

mod find;
mod forbidden;
mod macros;
mod paths;
mod rules;
mod steps;
mod transaction;

/// What the steps of a body need to know.
pub(crate) struct Context {
    /// The service whose tables they may touch.
    pub(crate) service: TokenStream,
    /// Whether they may only observe.
    pub(crate) read_only: bool,
    /// What the function gives, if its signature tells.
    pub(crate) output: Option<Type>,
}

/// The name of the attempt's context in generated code. No name that the user writes can mean it.
pub(crate) fn cx() -> Ident {
    Ident::new("__cx", Span::mixed_site())
}

/// The body with its steps. Where a mistake leaves nothing that type-checks, it is a body that does.
pub(crate) fn expand(
    body: &Result<Block, (TokenStream, syn::Error)>,
    context: &Context,
    errors: &mut Errors,
) -> TokenStream {
    match body {
        Ok(block) => {
            forbidden::check(block, errors);
            steps::rewrite(block.clone(), context, errors).unwrap_or_else(stand_in)
        }
        Err((tokens, error)) => {
            errors.push_parse(error.clone());
            tokens.clone()
        }
    }
}

/// Notes the mistakes of a body that cannot be expanded, because its signature has mistakes too.
pub(crate) fn check(body: &Result<Block, (TokenStream, syn::Error)>, errors: &mut Errors) {
    let context = Context { service: quote!(_), read_only: false, output: None };
    expand(body, &context, errors);
}

fn stand_in() -> TokenStream {
    quote! {{
        #![allow(unused_variables, unused_mut)]
        ::core::panic!("this body did not compile")
    }}
}

/// Expands a `join!` that no function rewrote: it is outside of one.
pub(crate) fn join_outside() -> TokenStream {
    let mut errors = Errors::default();
    errors.push_at(Span::call_site(), &catalogue::join_outside());
    errors.to_compile_errors()
}

/// Expands a `txn!` that no function rewrote: it is outside of one.
pub(crate) fn transaction_outside() -> TokenStream {
    let mut errors = Errors::default();
    errors.push_at(Span::call_site(), &catalogue::transaction_outside());
    errors.to_compile_errors()
}

/// Whether a path in a macro call means `beldi::join!`.
fn is_join(path: &Path) -> bool {
    is_ours(path, "join")
}

/// Whether a path in a macro call means `beldi::txn!`.
fn is_transaction(path: &Path) -> bool {
    is_ours(path, "txn")
}

/// Whether `path` is `name` alone or `beldi::name`.
fn is_ours(path: &Path, name: &str) -> bool {
    let mut segments = path.segments.iter().rev();
    segments.next().is_some_and(|last| last.ident == name)
        && segments.next().is_none_or(|crate_name| crate_name.ident == "beldi")
        && segments.next().is_none()
}
