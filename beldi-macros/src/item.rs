//! `#[derive(Item)]`: a struct becomes the type of the rows of a table.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::errors::Errors;

mod case;
mod check;
mod expand;
mod model;
mod names;
mod parse;

/// Expands `#[derive(Item)]`.
pub(crate) fn item(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input: DeriveInput = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let expanded = match parse::parse(&input, &mut errors) {
        Ok(parsed) => {
            let mut item = model::Item::new(parsed, &mut errors);
            check::check(&mut item, &mut errors);
            expand::expand(&item)
        }
        Err(service) => expand::stand_in(&input, service.as_ref()),
    };
    let errors = errors.to_compile_errors();
    quote!(#errors #expanded)
}
