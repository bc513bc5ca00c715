//! `#[beldi::function]`: an `async fn` becomes a state machine that can be replayed.

use proc_macro2::TokenStream;
use quote::quote;

use crate::body;
use crate::callable::Callable;
use crate::catalogue;
use crate::errors::Errors;

pub(crate) mod check;
mod expand;
mod model;
mod parse;

/// Expands `#[beldi::function(options)] item`.
pub(crate) fn function(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Ok(callable) = syn::parse2::<Callable>(item.clone()) else {
        errors.push(item, &catalogue::not_a_function("beldi::function"));
        let errors = errors.to_compile_errors();
        return quote!(#errors #item);
    };
    let options = parse::options(options, &mut errors);
    callable.check_qualifiers(&mut errors);
    let is_usable = check::signature(&callable.sig, &mut errors);
    let expanded = match is_usable.then(|| model::Function::new(&callable, &options)).flatten() {
        Some(function) => expand::expand(&function, &mut errors),
        None => {
            body::check(&callable.body, &mut errors);
            callable.stand_in(options.service.as_ref())
        }
    };
    let errors = errors.to_compile_errors();
    quote!(#errors #expanded)
}
