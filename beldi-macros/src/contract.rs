//! What callers see of a function: the typed way to call it, a type of its name, and its contract. The same is written
//! for a function of this program and for one of another.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{FnArg, Pat, PatType, Signature, Type, Visibility};

use crate::callable::{Attributes, Callable};
use crate::signature;

/// A function as callers see it.
pub(crate) struct Contract<'a> {
    pub(crate) attrs: Attributes,
    pub(crate) vis: &'a Visibility,
    pub(crate) ident: &'a Ident,
    pub(crate) arguments: Vec<Argument<'a>>,
    /// Where the list of arguments is.
    pub(crate) arguments_span: Span,
    pub(crate) output: Type,
    /// The path of the service.
    pub(crate) service: TokenStream,
    pub(crate) read_only: bool,
    pub(crate) retention: Option<Duration>,
}

/// An argument of a function.
pub(crate) struct Argument<'a> {
    pub(crate) ident: Ident,
    pub(crate) pat: &'a Pat,
    pub(crate) ty: &'a Type,
}

impl<'a> Contract<'a> {
    /// The contract of a function whose signature is without mistakes.
    pub(crate) fn new(
        callable: &'a Callable,
        service: TokenStream,
        read_only: bool,
        retention: Option<Duration>,
    ) -> Option<Self> {
        let Signature { ident, inputs, paren_token, .. } = &callable.sig;
        Some(Self {
            attrs: Attributes::sort(&callable.attrs),
            vis: &callable.vis,
            ident,
            arguments: inputs.iter().map(Argument::new).collect::<Option<Vec<_>>>()?,
            arguments_span: paren_token.span.join(),
            output: callable.output(),
            service,
            read_only,
            retention,
        })
    }

    /// The name of the function, as callers write it.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// The arguments as a tuple, at the place where the user wrote them.
    pub(crate) fn tuple(&self) -> TokenStream {
        let types = self.arguments.iter().map(|argument| argument.ty);
        quote_spanned!(self.arguments_span=> (#(#types,)*))
    }

    /// Expands what callers see.
    pub(crate) fn expand(&self) -> TokenStream {
        let caller = self.caller();
        let implementation = self.implementation();
        quote!(#caller #implementation)
    }

    /// `reserve(request)` describes a call, and `reserve` is the type of the function.
    fn caller(&self) -> TokenStream {
        let Self { attrs, vis, ident, arguments, .. } = self;
        let (caller, docs, everywhere) = (&attrs.caller, &attrs.docs, &attrs.everywhere);
        let names: Vec<_> = arguments.iter().map(|argument| &argument.ident).collect();
        let types = arguments.iter().map(|argument| argument.ty);
        let summary = format!("The function `{}`, as a type.", self.name());
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

    fn implementation(&self) -> TokenStream {
        let Self { attrs, ident, output, service, read_only, .. } = self;
        let (everywhere, name) = (&attrs.everywhere, self.name());
        let argument_names = self.arguments.iter().map(Argument::name);
        let arguments = self.tuple();
        let retention = span(self.retention);
        let named = self.arguments.iter().map(|argument| (&argument.ident, argument.ty));
        let signature = signature::text(ident, named, output, *read_only);
        let marker = read_only.then(|| {
            quote! {
                #(#everywhere)*
                #[diagnostic::do_not_recommend]
                impl ::beldi::ReadOnlyFunction for #ident {}
            }
        });
        quote! {
            #(#everywhere)*
            impl ::beldi::Function for #ident {
                type Service = #service;
                type Arguments = #arguments;
                type Output = #output;
                const NAME: &'static str = #name;
                const ARGUMENT_NAMES: &'static [&'static str] = &[#(#argument_names),*];
                const READ_ONLY: bool = #read_only;
                const RETENTION: ::core::option::Option<::beldi::__private::Duration> = #retention;
                const SIGNATURE: &'static str = #signature;
                const CODEC: ::beldi::__private::Codec<#arguments, #output> =
                    ::beldi::__private::codec::<#arguments, #output>();
            }

            #marker
        }
    }
}

/// A span of time that an option gives, as an expression.
pub(crate) fn span(span: Option<Duration>) -> TokenStream {
    match span.map(|span| span.as_millis() as u64) {
        None => quote!(::core::option::Option::None),
        Some(ms) => quote!(::core::option::Option::Some(::beldi::__private::Duration::from_millis(#ms))),
    }
}

impl<'a> Argument<'a> {
    fn new(input: &'a FnArg) -> Option<Self> {
        let FnArg::Typed(PatType { pat, ty, .. }) = input else { return None };
        let Pat::Ident(ident) = &**pat else { return None };
        Some(Self { ident: ident.ident.clone(), pat, ty })
    }

    /// The name of the argument, as it stands in JSON.
    fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}
