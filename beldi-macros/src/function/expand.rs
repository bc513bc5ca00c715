//! What is written for a function: the typed way to call it, a type of its name, and the handler.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::model::{Argument, Function};
use crate::body::{self, Context};
use crate::errors::Errors;

/// Expands a function.
pub(super) fn expand(function: &Function<'_>, errors: &mut Errors) -> TokenStream {
    let caller = caller(function);
    let implementation = implementation(function, errors);
    let registration = registration(function);
    quote!(#caller #implementation #registration)
}

/// `reserve(request)` describes a call, and `reserve` is the type of the function.
fn caller(function: &Function<'_>) -> TokenStream {
    let Function { attrs, vis, ident, arguments, .. } = function;
    let (caller, docs, everywhere) = (&attrs.caller, &attrs.docs, &attrs.everywhere);
    let names: Vec<_> = arguments.iter().map(|argument| &argument.ident).collect();
    let types = arguments.iter().map(|argument| argument.ty);
    let summary = format!("The function `{}`, as a type.", function.name());
    let docs = if docs.is_empty() { quote!(#[doc = #summary]) } else { quote!(#(#docs)*) };
    quote! {
        #(#everywhere)*
        #(#caller)*
        #[allow(dead_code)]
        #vis fn #ident(#(#names: #types),*) -> ::beldi::Call<#ident> {
            ::beldi::__private::call((#(#names,)*))
        }

        #(#everywhere)*
        #docs
        #[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
        #vis enum #ident {}
    }
}

fn implementation(function: &Function<'_>, errors: &mut Errors) -> TokenStream {
    let Function { attrs, ident, arguments, output, service, read_only, code, .. } = function;
    let (everywhere, attrs) = (&attrs.everywhere, &attrs.body);
    let name = function.name();
    let argument_names = arguments.iter().map(Argument::name);
    let patterns = arguments.iter().map(|argument| argument.pat);
    let arguments = tuple(function);
    let span = |span: Option<Duration>| match span.map(|span| span.as_millis() as u64) {
        None => quote!(::core::option::Option::None),
        Some(ms) => quote!(::core::option::Option::Some(::beldi::__private::Duration::from_millis(#ms))),
    };
    let (timeout, retention) = (span(function.timeout), span(function.retention));
    let marker = read_only.then(|| {
        quote! {
            #(#everywhere)*
            #[diagnostic::do_not_recommend]
            impl ::beldi::ReadOnlyFunction for #ident {}
        }
    });
    let context = Context { service: quote!(#service), read_only: *read_only, output: Some(output.clone()) };
    let body = body::expand(function.body, &context, errors);
    let cx = body::cx();
    quote! {
        #(#everywhere)*
        impl ::beldi::Function for #ident {
            type Service = #service;
            type Arguments = #arguments;
            type Output = #output;
            const NAME: &'static str = #name;
            const ARGUMENT_NAMES: &'static [&'static str] = &[#(#argument_names),*];
            const READ_ONLY: bool = #read_only;
            const TIMEOUT: ::core::option::Option<::beldi::__private::Duration> = #timeout;
            const RETENTION: ::core::option::Option<::beldi::__private::Duration> = #retention;
            const CODE: u64 = #code;
            const CODEC: ::beldi::__private::Codec<#arguments, #output> =
                ::beldi::__private::codec::<#arguments, #output>();

            #(#attrs)*
            #[deny(unused_must_use)]
            async fn run(#cx: ::beldi::__private::Cx, (#(#patterns,)*): #arguments) -> #output #body
        }

        #marker
    }
}

/// The arguments as a tuple, at the place where the user wrote them.
fn tuple(function: &Function<'_>) -> TokenStream {
    let types = function.arguments.iter().map(|argument| argument.ty);
    quote_spanned!(function.arguments_span=> (#(#types,)*))
}

fn registration(function: &Function<'_>) -> TokenStream {
    let Function { attrs, ident, .. } = function;
    let everywhere = &attrs.everywhere;
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
