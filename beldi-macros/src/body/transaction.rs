//! The parts of `txn! { max_tries = 8 => .. }`: the options, and the body as a block.

use std::time::Duration;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::{Block, LitInt, Macro, token};

use crate::catalogue;
use crate::errors::Errors;
use crate::options::{Options, Owner};
use crate::timeout;

mod refuse;

pub(super) use refuse::refuse;

const OWNER: Owner = Owner {
    name: "beldi::txn!",
    form: "beldi::txn! { max_tries = 8, max_wait = \"2s\", read_only => .. }",
    known: &["max_tries", "max_wait", "read_only"],
    repeatable: &[],
};

/// A transaction as it is written.
pub(super) struct Transaction {
    pub(super) max_tries: Option<u32>,
    pub(super) max_wait: Option<Duration>,
    pub(super) read_only: bool,
    pub(super) body: Block,
}

impl Transaction {
    /// Parses a `txn!`, and notes its mistakes. Gives nothing if the body is none.
    pub(super) fn parse(mac: &Macro, errors: &mut Errors) -> Option<Self> {
        let (options, body) = split(mac.tokens.clone());
        let has_options = options.is_some();
        let options = Options::parse(OWNER, options.unwrap_or_default(), errors);
        let body = match block(body.clone()) {
            Ok(block) => block,
            Err(_) if !has_options && begins_with_option(&body) => {
                errors.push(body.into_iter().next(), &catalogue::malformed_options(OWNER.name, OWNER.form));
                return None;
            }
            Err(error) => {
                errors.push_parse(error);
                return None;
            }
        };
        if body.stmts.is_empty() {
            errors.push(&mac.path, &catalogue::transaction_empty());
            return None;
        }
        let max_wait = options.text("max_wait", "max_wait = \"2s\"", errors);
        Some(Self {
            max_tries: max_tries(&options, errors),
            max_wait: max_wait.and_then(|text| timeout::parse(&text, errors)),
            read_only: options.flag("read_only", errors),
            body,
        })
    }
}

/// The body of a `txn!`, to be looked at.
pub(super) fn body(mac: &Macro) -> Option<Block> {
    block(split(mac.tokens.clone()).1).ok()
}

fn max_tries(options: &Options, errors: &mut Errors) -> Option<u32> {
    let literal: LitInt = options.value("max_tries", "max_tries = 8", errors)?;
    let tries = literal.base10_parse().ok().filter(|tries| *tries > 0);
    if tries.is_none() {
        errors.push(&literal, &catalogue::malformed_tries(&literal.to_string()));
    }
    tries
}

/// What is before the first `=>` outside of all brackets, where a statement has none, and what is behind.
fn split(tokens: TokenStream) -> (Option<TokenStream>, TokenStream) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    match tokens.windows(2).position(is_arrow) {
        Some(at) => (Some(tokens[..at].iter().cloned().collect()), tokens[at + 2..].iter().cloned().collect()),
        None => (None, tokens.into_iter().collect()),
    }
}

fn is_arrow(pair: &[TokenTree]) -> bool {
    match pair {
        [TokenTree::Punct(first), TokenTree::Punct(second)] => {
            first.as_char() == '=' && first.spacing() == Spacing::Joint && second.as_char() == '>'
        }
        _ => false,
    }
}

fn block(tokens: TokenStream) -> syn::Result<Block> {
    let stmts = Block::parse_within.parse2(tokens)?;
    Ok(Block { brace_token: token::Brace::default(), stmts })
}

fn begins_with_option(tokens: &TokenStream) -> bool {
    let first = tokens.clone().into_iter().next();
    matches!(first, Some(TokenTree::Ident(name)) if OWNER.known.contains(&name.to_string().as_str()))
}
