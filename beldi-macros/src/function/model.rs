//! What a function is, once its tokens are understood.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::{Block, FnArg, Pat, PatType, Path, Type, Visibility};

use super::parse::FunctionOptions;
use crate::callable::{Attributes, Callable};
use crate::code_hash::code_hash;

/// A function of a service.
pub(super) struct Function<'a> {
    pub(super) attrs: Attributes,
    pub(super) vis: &'a Visibility,
    pub(super) ident: &'a Ident,
    pub(super) arguments: Vec<Argument<'a>>,
    /// Where the list of arguments is.
    pub(super) arguments_span: Span,
    pub(super) output: Type,
    pub(super) service: &'a Path,
    pub(super) read_only: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) retention: Option<Duration>,
    pub(super) body: &'a Result<Block, (TokenStream, syn::Error)>,
    pub(super) code: u64,
}

/// An argument of a function.
pub(super) struct Argument<'a> {
    pub(super) ident: Ident,
    pub(super) pat: &'a Pat,
    pub(super) ty: &'a Type,
}

impl<'a> Function<'a> {
    /// The model of a function whose signature is without mistakes, if it has a service.
    pub(super) fn new(callable: &'a Callable, options: &'a FunctionOptions) -> Option<Self> {
        let service = options.service.as_ref()?;
        let arguments = callable.sig.inputs.iter().map(Argument::new).collect::<Option<Vec<_>>>()?;
        Some(Self {
            attrs: Attributes::sort(&callable.attrs),
            vis: &callable.vis,
            ident: &callable.sig.ident,
            arguments,
            arguments_span: callable.sig.paren_token.span.join(),
            output: callable.output(),
            service,
            read_only: options.read_only,
            timeout: options.timeout,
            retention: options.retention,
            body: &callable.body,
            code: code_hash(callable.code()),
        })
    }

    /// The name of the function, as callers write it.
    pub(super) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}

impl<'a> Argument<'a> {
    fn new(input: &'a FnArg) -> Option<Self> {
        let FnArg::Typed(PatType { pat, ty, .. }) = input else { return None };
        let Pat::Ident(ident) = &**pat else { return None };
        Some(Self { ident: ident.ident.clone(), pat, ty })
    }

    /// The name of the argument, as it stands in JSON.
    pub(super) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}
