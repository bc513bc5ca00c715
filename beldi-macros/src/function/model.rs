//! What a function is, once its tokens are understood.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Block;

use super::parse::FunctionOptions;
use crate::callable::Callable;
use crate::code_hash::code_hash;
use crate::contract::Contract;

/// A function of a service.
pub(super) struct Function<'a> {
    pub(super) contract: Contract<'a>,
    pub(super) timeout: Option<Duration>,
    pub(super) body: &'a Result<Block, (TokenStream, syn::Error)>,
    pub(super) code: u64,
}

impl<'a> Function<'a> {
    /// The model of a function whose signature is without mistakes, if it has a service.
    pub(super) fn new(callable: &'a Callable, options: &'a FunctionOptions) -> Option<Self> {
        let service = options.service.as_ref()?.to_token_stream();
        Some(Self {
            contract: Contract::new(callable, service, options.read_only, options.retention)?,
            timeout: options.timeout,
            body: &callable.body,
            code: code_hash(callable.code()),
        })
    }
}
