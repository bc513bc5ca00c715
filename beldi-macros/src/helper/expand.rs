//! What is written for a helper: the body as an `async fn` with the user's own signature, and around
//! it a function that gives it as an operation.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{FnArg, GenericParam, Generics, Pat, PatType, WherePredicate, parse_quote};

use super::lifetimes::{Lifetimes, held};
use super::parse::HelperOptions;
use crate::body::{self, Context};
use crate::callable::{Attributes, Callable};
use crate::errors::Errors;

/// Expands a helper.
pub(super) fn expand(callable: &Callable, options: &HelperOptions, errors: &mut Errors) -> TokenStream {
    let Callable { vis, sig, .. } = callable;
    let attrs = Attributes::sort(&callable.attrs);
    let (everywhere, caller) = (&attrs.everywhere, &attrs.caller);
    let service = options.service.as_ref().map_or_else(|| quote!(::beldi::AnyService), |service| quote!(#service));
    let context = Context { service: service.clone(), read_only: options.read_only, output: Some(callable.output()) };
    let inner = inner(callable, &attrs, &context, errors);

    let mut lifetimes = Lifetimes::default();
    let mut arguments = arguments(callable);
    arguments.iter_mut().for_each(|(_, argument)| lifetimes.name_argument(&mut argument.ty));
    let mut output = callable.output();
    lifetimes.name_output(&mut output);
    let generics = outer_generics(&sig.generics, &lifetimes);
    let parameters = turbofish(&sig.generics);
    let where_clause = &generics.where_clause;

    let (ident, name, held, cx) = (&sig.ident, sig.ident.to_string(), held(), body::cx());
    let mode = options.read_only.then(|| quote!(, ::beldi::__private::Observes));
    let names = arguments.iter().map(|(name, _)| name);
    let typed = arguments.iter().map(|(_, argument)| argument);
    quote! {
        #(#everywhere)*
        #(#caller)*
        #[allow(clippy::multiple_bound_locations)]
        #vis fn #ident #generics (#(#typed),*) -> ::beldi::Helper<#held, #service, #output #mode> #where_clause {
            #inner
            ::beldi::Helper::new(#name, move |#cx: ::beldi::__private::Cx| {
                ::std::boxed::Box::pin(__beldi_helper #parameters (#cx, #(#names),*))
            })
        }
    }
}

/// The body, with the user's own signature behind the context.
fn inner(callable: &Callable, attrs: &Attributes, context: &Context, errors: &mut Errors) -> TokenStream {
    let (sig, attrs) = (&callable.sig, &attrs.body);
    let (generics, inputs, output) = (&sig.generics, &sig.inputs, &sig.output);
    let where_clause = &generics.where_clause;
    let cx = body::cx();
    let body = body::expand(&callable.body, context, errors);
    quote! {
        #(#attrs)*
        #[deny(unused_must_use)]
        #[allow(clippy::too_many_arguments)]
        async fn __beldi_helper #generics (#cx: ::beldi::__private::Cx, #inputs) #output #where_clause #body
    }
}

/// The arguments of the outer function: the user's names, where an argument has one.
fn arguments(callable: &Callable) -> Vec<(Ident, PatType)> {
    let typed = callable.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    let named = typed.enumerate().map(|(index, argument)| {
        let name = match &*argument.pat {
            Pat::Ident(pat) => pat.ident.clone(),
            _ => format_ident!("__argument_{index}"),
        };
        let mut argument = argument.clone();
        *argument.pat = parse_quote!(#name);
        (name, argument)
    });
    named.collect()
}

/// The user's generics, each of which outlives what the helper holds.
fn outer_generics(generics: &Generics, lifetimes: &Lifetimes) -> Generics {
    let held = held();
    let own = generics.params.iter().filter_map(|param| -> Option<WherePredicate> {
        match param {
            GenericParam::Lifetime(param) => Some(outlives(&param.lifetime)),
            GenericParam::Type(param) => {
                let ident = &param.ident;
                Some(parse_quote!(#ident: #held))
            }
            GenericParam::Const(_) => None,
        }
    });
    let predicates: Vec<WherePredicate> = own.chain(lifetimes.made.iter().map(outlives)).collect();
    let mut outer = generics.clone();
    let made = lifetimes.made.iter().map(|lifetime| -> GenericParam { parse_quote!(#lifetime) });
    let first: Vec<GenericParam> = [parse_quote!(#held)].into_iter().chain(made).collect();
    for (index, param) in first.into_iter().enumerate() {
        outer.params.insert(index, param);
    }
    outer.make_where_clause().predicates.extend(predicates);
    outer
}

fn outlives(lifetime: &syn::Lifetime) -> WherePredicate {
    let held = held();
    parse_quote!(#lifetime: #held)
}

/// The types and constants that the outer function hands to the inner one; it infers lifetimes.
fn turbofish(generics: &Generics) -> Option<TokenStream> {
    let names: Vec<&Ident> = generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Lifetime(_) => None,
            GenericParam::Type(param) => Some(&param.ident),
            GenericParam::Const(param) => Some(&param.ident),
        })
        .collect();
    (!names.is_empty()).then(|| quote!(::<#(#names),*>))
}
