//! What is written for a function: what callers see, the handler, and the registration.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::model::Function;
use crate::body::{self, Context};
use crate::contract::span;
use crate::errors::Errors;

/// Expands a function.
pub(super) fn expand(function: &Function<'_>, errors: &mut Errors) -> TokenStream {
    let contract = function.contract.expand();
    let handler = handler(function, errors);
    let registration = registration(function);
    quote!(#contract #handler #registration)
}

fn handler(function: &Function<'_>, errors: &mut Errors) -> TokenStream {
    let Function { contract, code, .. } = function;
    let (ident, output, service, read_only) = (contract.ident, &contract.output, &contract.service, contract.read_only);
    let (everywhere, attrs) = (&contract.attrs.everywhere, &contract.attrs.body);
    let patterns = contract.arguments.iter().map(|argument| argument.pat);
    let arguments = contract.tuple();
    let timeout = span(function.timeout);
    let context = Context { service: service.clone(), read_only, output: Some(output.clone()) };
    let body = body::expand(function.body, &context, errors);
    let cx = body::cx();
    let service_span = service.clone().into_iter().last().map_or_else(Span::call_site, |token| token.span());
    // What only a service of this program can have is told at the name of the service.
    let trait_path = quote_spanned!(service_span=> ::beldi::Handler);
    quote! {
        #(#everywhere)*
        impl #trait_path for #ident {
            const TIMEOUT: ::core::option::Option<::beldi::__private::Duration> = #timeout;
            const CODE: u64 = #code;

            #(#attrs)*
            #[deny(unused_must_use)]
            async fn run(#cx: ::beldi::__private::Cx, (#(#patterns,)*): #arguments) -> #output #body
        }
    }
}

fn registration(function: &Function<'_>) -> TokenStream {
    let ident = function.contract.ident;
    let everywhere = &function.contract.attrs.everywhere;
    let position = quote_spanned!(ident.span()=> file!(), line!());
    quote! {
        #(#everywhere)*
        ::beldi::__private::inventory::submit! {
            {
                #[allow(unused_imports)]
                use ::beldi::__private::Infallible as _;
                ::beldi::__private::FunctionEntry::of::<#ident>(
                    ::beldi::__private::Fallibility::<<#ident as ::beldi::Function>::Output>::FALLIBLE,
                    #position,
                )
            }
        }
    }
}
