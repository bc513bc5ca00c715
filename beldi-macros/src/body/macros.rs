//! Macros in a body: those whose arguments are known to be ordinary expressions can hold steps.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Macro, Token};

/// Macros that evaluate each of their arguments once, in order, where they stand.
const EXPRESSION_MACROS: &[&str] = &[
    "anyhow",
    "assert",
    "assert_eq",
    "assert_ne",
    "bail",
    "dbg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "ensure",
    "eprint",
    "eprintln",
    "error",
    "format",
    "format_args",
    "info",
    "join",
    "panic",
    "print",
    "println",
    "todo",
    "trace",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
    "write",
    "writeln",
];

/// The arguments of a macro, as expressions.
pub(super) enum Arguments {
    /// `println!("{}", value)`
    List(Punctuated<Expr, Token![,]>),
    /// `vec![value; length]`
    Repeat(Expr, Token![;], Expr),
    /// `matches!(value, pattern)`
    Matches(Expr, TokenStream),
}

impl Arguments {
    /// The arguments of `mac`, if it is known and they are expressions.
    pub(super) fn parse(mac: &Macro) -> Option<Self> {
        let name = mac.path.segments.last()?.ident.to_string();
        let tokens = mac.tokens.clone();
        match name.as_str() {
            "matches" => Self::parse_matches.parse2(tokens).ok(),
            "vec" => Self::parse_repeat.parse2(tokens.clone()).or_else(|_| Self::parse_list.parse2(tokens)).ok(),
            name if EXPRESSION_MACROS.contains(&name) => Self::parse_list.parse2(tokens).ok(),
            _ => None,
        }
    }

    /// The expressions, to be looked at.
    pub(super) fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::List(list) => list.iter().collect(),
            Self::Repeat(value, _, length) => vec![value, length],
            Self::Matches(value, _) => vec![value],
        }
    }

    /// The expressions, to be rewritten.
    pub(super) fn exprs_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::List(list) => list.iter_mut().collect(),
            Self::Repeat(value, _, length) => vec![value, length],
            Self::Matches(value, _) => vec![value],
        }
    }

    fn parse_list(input: ParseStream<'_>) -> syn::Result<Self> {
        Punctuated::parse_terminated(input).map(Self::List)
    }

    fn parse_repeat(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self::Repeat(input.parse()?, input.parse()?, input.parse()?))
    }

    fn parse_matches(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self::Matches(input.parse()?, TokenStream::parse(input)?))
    }
}

impl ToTokens for Arguments {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::List(list) => list.to_tokens(tokens),
            Self::Repeat(value, semicolon, length) => {
                value.to_tokens(tokens);
                semicolon.to_tokens(tokens);
                length.to_tokens(tokens);
            }
            Self::Matches(value, rest) => {
                value.to_tokens(tokens);
                rest.to_tokens(tokens);
            }
        }
    }
}
