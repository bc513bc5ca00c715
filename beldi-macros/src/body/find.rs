//! Finding the first `.await` of some code, where none may be.

use proc_macro2::{Ident, Punct, Spacing, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Expr, ExprAwait, ExprCall, Item, Macro};

/// The first step in `expr`, as the token to blame: an `.await`, or a `join!` or `txn!`, which wait as well.
pub(super) fn first_step(expr: &Expr) -> Option<Ident> {
    let mut finder = Finder(None);
    finder.visit_expr(expr);
    finder.0
}

/// The first `.await` or `txn!` among raw tokens.
pub(super) fn first_await(tokens: TokenStream) -> Option<Ident> {
    let mut after_dot = false;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_called = matches!(tokens.peek(), Some(TokenTree::Punct(next)) if is_bang(next));
        match token {
            TokenTree::Ident(ident) if after_dot && ident == "await" => return Some(ident),
            TokenTree::Ident(ident) if is_called && ident == "txn" => return Some(ident),
            TokenTree::Group(group) => {
                if let Some(found) = first_await(group.stream()) {
                    return Some(found);
                }
                after_dot = false;
            }
            TokenTree::Punct(punct) => after_dot = punct.as_char() == '.',
            TokenTree::Ident(_) | TokenTree::Literal(_) => after_dot = false,
        }
    }
    None
}

/// Whether it is a `!` of its own, and not that of `!=`.
fn is_bang(punct: &Punct) -> bool {
    punct.as_char() == '!' && punct.spacing() == Spacing::Alone
}

struct Finder(Option<Ident>);

impl Finder {
    fn found(&mut self, token: Ident) {
        self.0.get_or_insert(token);
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_expr_await(&mut self, awaited: &'ast ExprAwait) {
        visit::visit_expr_await(self, awaited);
        self.found(Ident::new("await", awaited.await_token.span));
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if super::forbidden::is_external(call) {
            call.args.first().into_iter().for_each(|name| self.visit_expr(name));
        } else {
            visit::visit_expr_call(self, call);
        }
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        match mac.path.segments.last() {
            Some(last) if super::is_join(&mac.path) || super::is_transaction(&mac.path) => {
                self.found(last.ident.clone())
            }
            _ => self.0 = self.0.take().or_else(|| first_await(mac.tokens.clone())),
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}
