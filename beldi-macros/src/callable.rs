//! What `function` and `helper` have in common: a function item, parsed so that half-typed code survives.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Block, FnArg, Path, ReturnType, Signature, Type, Visibility, token};

use crate::catalogue;
use crate::errors::Errors;

/// A function item whose body may be half-typed.
pub(crate) struct Callable {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// The body, or its raw tokens with the error, so that an editor still sees what is typed.
    pub(crate) body: Result<Block, (TokenStream, syn::Error)>,
}

impl Parse for Callable {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        if !input.peek(token::Brace) {
            return Err(input.error("expected a body"));
        }
        let tokens: TokenStream = input.parse()?;
        let body = syn::parse2(tokens.clone()).map_err(|error| (tokens, error));
        Ok(Self { attrs, vis, sig, body })
    }
}

impl Callable {
    /// The type of the result, `()` where none is written.
    pub(crate) fn output(&self) -> Type {
        match &self.sig.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, output) => (**output).clone(),
        }
    }

    /// The code itself, without attributes and documentation.
    pub(crate) fn code(&self) -> TokenStream {
        let sig = &self.sig;
        match &self.body {
            Ok(block) => quote!(#sig #block),
            Err((tokens, _)) => quote!(#sig #tokens),
        }
    }

    /// Refuses what neither a function nor a helper can be. All but that can still be expanded.
    pub(crate) fn check_qualifiers(&self, errors: &mut Errors) {
        let sig = &self.sig;
        if sig.asyncness.is_none() {
            errors.push(sig.fn_token, &catalogue::not_async(&sig.ident.to_string()));
        }
        if let Some(token) = &sig.constness {
            errors.push(token, &catalogue::qualifier("const"));
        }
        if let syn::Safety::Unsafe(token) = &sig.safety {
            errors.push(token, &catalogue::qualifier("unsafe"));
        }
        if let Some(abi) = &sig.abi {
            errors.push(abi, &catalogue::qualifier("extern"));
        }
        if let Some(variadic) = &sig.variadic {
            errors.push(variadic, &catalogue::qualifier("variadic"));
        }
    }

    /// The item with a signature that cannot be used: a function with the same name and arguments, so
    /// that what calls it has no mistake of its own. It gives an operation of the same output.
    pub(crate) fn stand_in(&self, service: Option<&Path>) -> TokenStream {
        let Self { attrs, vis, sig, .. } = self;
        let (ident, generics, inputs) = (&sig.ident, &sig.generics, &sig.inputs);
        let where_clause = &generics.where_clause;
        let inputs = inputs.iter().map(|input| match input {
            FnArg::Receiver(receiver) => receiver.to_token_stream(),
            FnArg::Typed(typed) => {
                let ty = &typed.ty;
                quote!(_: #ty)
            }
        });
        let output = match self.output() {
            Type::ImplTrait(_) => syn::parse_quote!(()),
            output => output,
        };
        let attrs = attrs.iter().filter(|attr| Place::of(attr) != Place::Body);
        // The name of the service counts as used, and as unknown if it is.
        let service = service.map(|path| quote!(let _: ::core::marker::PhantomData<#path>;));
        quote! {
            #(#attrs)*
            #[allow(dead_code)]
            #vis fn #ident #generics (#(#inputs),*)
                -> ::beldi::Helper<'static, ::beldi::AnyService, #output, ::beldi::__private::Observes>
            #where_clause
            {
                #service
                ::core::panic!("this signature did not compile")
            }
        }
    }
}

/// Where an attribute of the user's function has its effect in what we make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On every item: `cfg`.
    Everywhere,
    /// On what callers see: documentation, deprecation.
    Caller,
    /// On both sides: lint levels.
    Both,
    /// On the code: all others.
    Body,
}

impl Place {
    /// The place of `attr`.
    pub(crate) fn of(attr: &Attribute) -> Self {
        let Some(name) = attr.path().get_ident().map(ToString::to_string) else { return Self::Body };
        match name.as_str() {
            "cfg" => Self::Everywhere,
            "doc" | "deprecated" | "must_use" => Self::Caller,
            "allow" | "warn" | "deny" | "forbid" => Self::Both,
            _ => Self::Body,
        }
    }
}

/// The attributes for what callers see, and those for the code.
pub(crate) struct Attributes {
    pub(crate) everywhere: Vec<Attribute>,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) caller: Vec<Attribute>,
    pub(crate) body: Vec<Attribute>,
}

impl Attributes {
    /// Sorts the attributes of a function by where they have their effect.
    pub(crate) fn sort(attrs: &[Attribute]) -> Self {
        let of = |wanted: &[Place]| -> Vec<Attribute> {
            attrs.iter().filter(|attr| wanted.contains(&Place::of(attr))).cloned().collect()
        };
        Self {
            everywhere: of(&[Place::Everywhere]),
            docs: attrs.iter().filter(|attr| attr.path().is_ident("doc")).cloned().collect(),
            caller: of(&[Place::Caller, Place::Both]),
            body: of(&[Place::Body, Place::Both]),
        }
    }
}
