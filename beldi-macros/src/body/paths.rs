//! Paths as lists of names, from syntax trees and from raw tokens.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Expr, Path};

/// The names of a path, without its arguments.
pub(super) fn names(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect()
}

/// The path at the root of a chain of calls: `reqwest::get` in `reqwest::get(url).await?.text()`.
pub(super) fn root(expr: &Expr) -> Option<&Path> {
    match expr {
        Expr::Path(path) => Some(&path.path),
        Expr::Call(call) => root(&call.func),
        Expr::MethodCall(call) => root(&call.receiver),
        Expr::Field(field) => root(&field.base),
        Expr::Paren(paren) => root(&paren.expr),
        Expr::Group(group) => root(&group.expr),
        Expr::Reference(reference) => root(&reference.expr),
        Expr::Try(tried) => root(&tried.expr),
        Expr::Await(awaited) => root(&awaited.base),
        Expr::Macro(mac) => Some(&mac.mac.path),
        _ => None,
    }
}

/// All paths among raw tokens, each with its tokens.
pub(super) fn among(tokens: TokenStream) -> Vec<(Vec<String>, TokenStream)> {
    let mut found = Vec::new();
    collect(tokens, &mut found);
    found
}

fn collect(tokens: TokenStream, found: &mut Vec<(Vec<String>, TokenStream)>) {
    let mut run: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let continues = match (&token, run.last()) {
            (TokenTree::Ident(_), last) => !matches!(last, Some(TokenTree::Ident(_))),
            (TokenTree::Punct(punct), Some(_)) => punct.as_char() == ':',
            _ => false,
        };
        if !continues {
            close(&mut run, found);
        }
        match token {
            TokenTree::Group(group) => collect(group.stream(), found),
            TokenTree::Ident(_) => run.push(token),
            TokenTree::Punct(_) if continues => run.push(token),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    close(&mut run, found);
}

fn close(run: &mut Vec<TokenTree>, found: &mut Vec<(Vec<String>, TokenStream)>) {
    let tokens = std::mem::take(run);
    let names: Vec<String> = tokens.iter().filter_map(ident).map(|ident| ident.unraw().to_string()).collect();
    if !names.is_empty() {
        found.push((names, tokens.into_iter().collect()));
    }
}

fn ident(token: &TokenTree) -> Option<&Ident> {
    match token {
        TokenTree::Ident(ident) => Some(ident),
        _ => None,
    }
}
