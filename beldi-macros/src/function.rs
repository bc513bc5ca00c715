//! `#[beldi::function]`: an `async fn` becomes a state machine that can be replayed.

use proc_macro2::TokenStream;
use quote::quote;

use crate::body;
use crate::callable::Callable;
use crate::catalogue;
use crate::errors::Errors;

mod check;
mod expand;
mod model;
mod parse;
mod timeout;

/// Expands `#[beldi::function(options)] item`.
pub(crate) fn function(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Ok(callable) = syn::parse2::<Callable>(item.clone()) else {
        errors.push(item, &catalogue::not_a_function("beldi::function"));
        let errors = errors.to_compile_errors();
        return quote!(#errors #item);
    };
    let options = parse::options(options, &mut errors);
    let callable_by_name = callable.check_qualifiers(&mut errors) & check::signature(&callable.sig, &mut errors);
    let function = callable_by_name.then(|| model::Function::new(&callable, options)).flatten();
    let expanded = match function {
        Some(function) => expand::expand(&function, &mut errors),
        None => {
            body::check(&callable.body, &mut errors);
            callable.stand_in()
        }
    };
    let errors = errors.to_compile_errors();
    quote!(#errors #expanded)
}
