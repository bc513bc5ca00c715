//! Collecting mistakes, so that all mistakes of one item are reported in one pass.

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::catalogue::Mistake;

/// The mistakes found so far, each with the user's tokens that it is about.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Notes a mistake on the user's own `tokens`.
    pub(crate) fn push(&mut self, tokens: impl ToTokens, mistake: &Mistake) {
        self.0.push(syn::Error::new_spanned(tokens, mistake));
    }

    /// Notes a mistake at a place that has no tokens of its own, such as the end of the input.
    pub(crate) fn push_at(&mut self, span: proc_macro2::Span, mistake: &Mistake) {
        self.0.push(syn::Error::new(span, mistake));
    }

    /// Notes what `syn` could not parse.
    pub(crate) fn push_parse(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// How many mistakes there are, to see whether a stage added some.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// One `compile_error!` for each mistake; nothing if there are none.
    pub(crate) fn to_compile_errors(&self) -> TokenStream {
        self.0.iter().map(syn::Error::to_compile_error).collect()
    }
}
