//! `#[beldi::helper]`: a part of functions that has steps of its own and may borrow and be generic.

use proc_macro2::TokenStream;
use quote::quote;

use crate::body;
use crate::callable::Callable;
use crate::catalogue;
use crate::errors::Errors;

mod check;
mod expand;
mod lifetimes;
mod parse;

/// Expands `#[beldi::helper(options)] item`.
pub(crate) fn helper(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Ok(callable) = syn::parse2::<Callable>(item.clone()) else {
        errors.push(item, &catalogue::not_a_function("beldi::helper"));
        let errors = errors.to_compile_errors();
        return quote!(#errors #item);
    };
    let options = parse::options(options, &mut errors);
    callable.check_qualifiers(&mut errors);
    let expanded = if check::signature(&callable.sig, &mut errors) {
        expand::expand(&callable, &options, &mut errors)
    } else {
        body::check(&callable.body, &mut errors);
        callable.stand_in(options.service.as_ref())
    };
    let errors = errors.to_compile_errors();
    quote!(#errors #expanded)
}
