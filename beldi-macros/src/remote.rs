//! `remote!`: functions of another program, by contract.

use proc_macro2::TokenStream;
use quote::quote;

use crate::contract::Contract;
use crate::errors::Errors;
use crate::service::{Service, expand_type};
use crate::{catalogue, function};

mod parse;

use parse::Declared;

/// Expands `remote! { pub Hotel = "hotel"; pub async fn reserve(stay: Stay) -> u32; .. }`.
pub(crate) fn remote(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some((service, functions)) = parse::remote(tokens.clone(), &mut errors) else {
        errors.push(tokens, &catalogue::remote_malformed());
        return errors.to_compile_errors();
    };
    service.check(&mut errors);
    let functions: Vec<_> = functions.into_iter().map(|declared| expand(&service, declared, &mut errors)).collect();
    // The type alone: the program that has the service registers it.
    let service = expand_type(&service);
    let errors = errors.to_compile_errors();
    quote!(#errors #service #(#functions)*)
}

fn expand(service: &Service, mut declared: Declared, errors: &mut Errors) -> TokenStream {
    let options = parse::options(&declared.attributes, errors);
    declared.check(errors);
    let callable = &mut declared.callable;
    callable.check_qualifiers(errors);
    let ident = &service.ident;
    let is_usable = function::check::signature(&callable.sig, errors);
    // What is no method cannot have a receiver, not even to be callable after the mistake.
    if callable.sig.receiver().is_some() {
        callable.sig.inputs = callable.sig.inputs.iter().skip(1).cloned().collect();
    }
    let contract = || Contract::new(callable, quote!(#ident), options.read_only, options.retention);
    match is_usable.then(contract).flatten() {
        Some(contract) => contract.expand(),
        None => callable.stand_in(Some(&ident.clone().into())),
    }
}
