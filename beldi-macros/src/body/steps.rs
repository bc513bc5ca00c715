//! The rewriting: each `.await` becomes a step, each `join!` a set of branches, each `txn!` a loop of tries.
//!
//! Ordinals count the awaits, joins and transactions of a body in the order of the source. They are part of each
//! step's path in the journal, so this order must never depend on anything but the source.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprAsync, ExprAwait, ExprCall, ExprTry, Item, Macro, Stmt, Type};

use super::macros::Arguments;
use super::{Context, find, forbidden, is_join, is_transaction, paths, rules};
use crate::catalogue;
use crate::errors::Errors;

mod join;
mod transaction;

/// The block with its steps, or nothing if what remains after a mistake would not type-check.
pub(super) fn rewrite(mut block: Block, context: &Context, errors: &mut Errors) -> Option<TokenStream> {
    let (observes, output) = (context.read_only, context.output.clone());
    let place = Place { cx: super::cx(), observes, in_transaction: false, output };
    let mut steps = Steps { context, errors, place, ordinal: 0, broken: false };
    steps.visit_block_mut(&mut block);
    (!steps.broken).then(|| block.into_token_stream())
}

struct Steps<'a> {
    context: &'a Context,
    errors: &'a mut Errors,
    place: Place,
    ordinal: u32,
    broken: bool,
}

/// Where in the body a step is.
#[derive(Clone)]
struct Place {
    /// The context that steps run in: that of the function, of a branch, or of a try.
    cx: Ident,
    /// Whether steps may only observe.
    observes: bool,
    in_transaction: bool,
    /// What `?` leaves with its error, if it is the function and its output is known.
    output: Option<Type>,
}

impl Steps<'_> {
    fn next_ordinal(&mut self) -> Literal {
        self.ordinal += 1;
        Literal::u32_unsuffixed(self.ordinal)
    }

    fn refuse(&mut self, tokens: impl ToTokens, mistake: &catalogue::Mistake) {
        self.errors.push(tokens, mistake);
        self.broken = true;
    }

    /// The call that makes a future of `operation`. All its tokens have the place `span`: there the
    /// runtime finds the line of a step, and there the compiler reports a mistake.
    fn step(&mut self, operation: &TokenStream, span: Span) -> TokenStream {
        let ordinal = self.next_ordinal();
        let (cx, service) = (&self.place.cx, &self.context.service);
        let verb = Ident::new(if self.place.observes { "observe" } else { "step" }, span);
        quote_spanned!(span=> ::beldi::__private::#verb::<#service, _>(&#cx, #ordinal, #operation))
    }

    fn awaited(&mut self, awaited: &mut ExprAwait) {
        if matches!(&*awaited.base, Expr::Macro(mac) if is_join(&mac.mac.path)) {
            return self.refuse(awaited.await_token, &catalogue::join_awaited());
        }
        if called_transaction(&awaited.base).is_some() {
            self.refuse(awaited.await_token, &catalogue::transaction_awaited());
            return self.visit_expr_mut(&mut awaited.base);
        }
        self.visit_expr_mut(&mut awaited.base);
        // What the check has refused stays a future of its own library, which type-checks.
        let root = paths::root(&awaited.base).map(paths::names).unwrap_or_default();
        if rules::judge(&root).is_none() && rules::judge_awaited(&root).is_none() {
            let (base, span) = (&awaited.base, awaited.await_token.span);
            // `identity` gives the argument the place of the call, so that a mistake is reported once.
            let operation = quote_spanned!(span=> ::core::convert::identity(#base));
            *awaited.base = Expr::Verbatim(self.step(&operation, span));
        }
    }

    fn opaque(&mut self, code: &Expr, place: &str) {
        if let Some(token) = find::first_step(code) {
            let mistake = catalogue::await_in_closure(&token.to_string(), place);
            self.refuse(token, &mistake);
        }
    }

    /// `txn! { .. }?`
    fn tried_transaction(&mut self, tried: &mut ExprTry) {
        if let Some(written) = called_transaction(&tried.expr).map(|mac| self.transaction(mac, true)) {
            *tried.expr = written;
        }
    }

    fn external(&mut self, call: &mut ExprCall) {
        call.args.first_mut().into_iter().for_each(|name| self.visit_expr_mut(name));
    }
}

/// The `txn!` that an expression is.
fn called_transaction(expr: &Expr) -> Option<&Macro> {
    match expr {
        Expr::Macro(called) if is_transaction(&called.mac.path) => Some(&called.mac),
        _ => None,
    }
}

/// The place of a macro's name, where the compiler reports what is wrong with the whole.
fn name_span(mac: &Macro) -> Span {
    mac.path.segments.last().map_or_else(Span::call_site, |last| last.ident.span())
}

/// Makes an import of the macro count as used, although its call is gone.
fn import(mac: &Macro) -> Option<TokenStream> {
    mac.path.get_ident().map(|name| quote!(#[allow(unused_imports)] use #name as _;))
}

/// A name in generated code that the user's code can neither mean nor shadow.
fn hidden(ident: Ident) -> Ident {
    let mut ident = ident;
    ident.set_span(Span::mixed_site());
    ident
}

impl VisitMut for Steps<'_> {
    fn visit_block_mut(&mut self, block: &mut Block) {
        for mac in transaction::dropped(block) {
            self.refuse(&mac.path, &catalogue::transaction_dropped());
        }
        visit_mut::visit_block_mut(self, block);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Await(awaited) => self.awaited(awaited),
            Expr::Macro(mac) if is_join(&mac.mac.path) => *expr = self.join(&mac.mac),
            Expr::Macro(mac) if is_transaction(&mac.mac.path) => *expr = self.transaction(&mac.mac, false),
            Expr::Try(tried) if called_transaction(&tried.expr).is_some() => self.tried_transaction(tried),
            Expr::Closure(_) => self.opaque(expr, "a closure"),
            Expr::Async(ExprAsync { .. }) => self.opaque(expr, "an `async` block"),
            Expr::Call(call) if forbidden::is_external(call) => self.external(call),
            // The check has refused it; what it does with operations would not type-check.
            Expr::Call(call) if forbidden::runs_elsewhere(call) => self.broken = true,
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Macro(mac) if is_join(&mac.mac.path) => *stmt = Stmt::Expr(self.join(&mac.mac), mac.semi_token),
            Stmt::Macro(mac) if is_transaction(&mac.mac.path) => {
                *stmt = Stmt::Expr(self.transaction(&mac.mac, false), mac.semi_token);
            }
            _ => visit_mut::visit_stmt_mut(self, stmt),
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        if rules::judge_macro(&paths::names(&mac.path)).is_some() {
            self.broken = true;
        } else if let Some(mut arguments) = Arguments::parse(mac) {
            arguments.exprs_mut().into_iter().for_each(|expr| self.visit_expr_mut(expr));
            mac.tokens = quote!(#arguments);
        } else if let Some(token) = find::first_await(mac.tokens.clone()) {
            let name = paths::names(&mac.path).join("::");
            let mistake = catalogue::await_in_macro(&token.to_string(), &name);
            self.refuse(token, &mistake);
        }
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        // A nested item has no steps of this function; a nested macro may be used as if it had.
        if let Item::Macro(nested) = item
            && let Some(token) = find::first_await(nested.mac.tokens.clone())
        {
            let mistake = catalogue::await_in_macro(&token.to_string(), "macro_rules");
            self.refuse(token, &mistake);
        }
    }
}
