//! The rewriting: each `.await` becomes a step, each `join!` a set of branches.
//!
//! Ordinals count the awaits and joins of a body in the order of the source. They are part of each
//! step's path in the journal, so this order must never depend on anything but the source.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprAsync, ExprAwait, ExprCall, Item, Macro, Stmt, Token};

use super::macros::Arguments;
use super::{Context, find, forbidden, is_join, paths, rules};
use crate::catalogue;
use crate::errors::Errors;

/// The block with its steps, or nothing if what remains after a mistake would not type-check.
pub(super) fn rewrite(mut block: Block, context: &Context, errors: &mut Errors) -> Option<TokenStream> {
    let mut steps = Steps { context, errors, cx: super::cx(), ordinal: 0, broken: false };
    steps.visit_block_mut(&mut block);
    (!steps.broken).then(|| block.into_token_stream())
}

struct Steps<'a> {
    context: &'a Context,
    errors: &'a mut Errors,
    /// The context that steps run in: the function's, or that of a branch.
    cx: Ident,
    ordinal: u32,
    broken: bool,
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
        let (cx, service) = (&self.cx, &self.context.service);
        let verb = Ident::new(if self.context.read_only { "observe" } else { "step" }, span);
        quote_spanned!(span=> ::beldi::__private::#verb::<#service, _>(&#cx, #ordinal, #operation))
    }

    fn awaited(&mut self, awaited: &mut ExprAwait) {
        if matches!(&*awaited.base, Expr::Macro(mac) if is_join(&mac.mac.path)) {
            return self.refuse(awaited.await_token, &catalogue::join_awaited());
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
            self.refuse(token, &catalogue::await_in_closure(place));
        }
    }

    fn external(&mut self, call: &mut ExprCall) {
        call.args.first_mut().into_iter().for_each(|name| self.visit_expr_mut(name));
    }

    fn join(&mut self, mac: &Macro) -> Expr {
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        let Ok(branches) = parser.parse2(mac.tokens.clone()) else {
            self.refuse(&mac.path, &catalogue::join_malformed());
            return Expr::Verbatim(TokenStream::new());
        };
        if branches.is_empty() {
            self.refuse(&mac.path, &catalogue::join_empty());
        }
        let span = mac.path.segments.last().map_or_else(Span::call_site, |last| last.ident.span());
        let number = self.next_ordinal();
        let contexts: Vec<Ident> =
            (0..branches.len()).map(|index| hidden(format_ident!("__cx_{}_{index}", self.ordinal))).collect();
        let name = |(index, branch): (usize, &Expr)| format_ident!("branch_{index}", span = branch.span());
        let names: Vec<Ident> = branches.iter().enumerate().map(name).collect();
        let (mut values, mut futures) = (Vec::new(), Vec::new());
        for ((branch, cx), name) in branches.into_iter().zip(&contexts).zip(&names) {
            let (value, future) = self.branch(branch, cx, name);
            values.push(value);
            futures.push(future);
        }
        let indexes = (0..names.len()).map(Literal::usize_unsuffixed);
        let (cx, join, results) = (&self.cx, hidden(format_ident!("__join")), hidden(format_ident!("__results")));
        // An import of `join` counts as used, although its call is gone.
        let import = mac.path.get_ident().map(|name| quote!(#[allow(unused_imports)] use #name as _;));
        // A `match` keeps what the operations borrow alive until all branches are done.
        Expr::Verbatim(quote_spanned! {span=> {
            #import
            let #join = ::beldi::__private::join(&#cx, #number);
            #(let #contexts = #join.branch(#indexes);)*
            let #results = match (#(#values,)*) {
                (#(#names,)*) => ::beldi::__private::tokio_join!(#(#futures),*),
            };
            #results
        }})
    }

    /// What is evaluated for a branch before all branches start, and its future, which finds that under
    /// the name `name`.
    fn branch(&mut self, branch: Expr, cx: &Ident, name: &Ident) -> (TokenStream, TokenStream) {
        match branch {
            Expr::Async(mut block) => {
                let outer = std::mem::replace(&mut self.cx, cx.clone());
                self.visit_block_mut(&mut block.block);
                self.cx = outer;
                (block.into_token_stream(), quote!(#name))
            }
            mut operation => {
                if let Some(token) = find::first_step(&operation) {
                    self.refuse(token, &catalogue::join_awaited_branch());
                }
                self.visit_expr_mut(&mut operation);
                let outer = std::mem::replace(&mut self.cx, cx.clone());
                let step = self.step(&name.to_token_stream(), name.span());
                self.cx = outer;
                // A block of its own keeps a mistake in the operation from being repeated by the join.
                (operation.into_token_stream(), quote_spanned!(name.span()=> async { #step.await }))
            }
        }
    }
}

/// A name in generated code that the user's code can neither mean nor shadow.
fn hidden(ident: Ident) -> Ident {
    let mut ident = ident;
    ident.set_span(Span::mixed_site());
    ident
}

impl VisitMut for Steps<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Await(awaited) => self.awaited(awaited),
            Expr::Macro(mac) if is_join(&mac.mac.path) => *expr = self.join(&mac.mac),
            Expr::Closure(_) => self.opaque(expr, "a closure"),
            Expr::Async(ExprAsync { .. }) => self.opaque(expr, "an `async` block"),
            Expr::Call(call) if forbidden::is_external(call) => self.external(call),
            // The check has refused it; what it does with operations would not type-check.
            Expr::Call(call) if forbidden::runs_elsewhere(call) => self.broken = true,
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        if let Stmt::Macro(mac) = stmt
            && is_join(&mac.mac.path)
        {
            *stmt = Stmt::Expr(self.join(&mac.mac), mac.semi_token);
        } else {
            visit_mut::visit_stmt_mut(self, stmt);
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
            self.refuse(token, &catalogue::await_in_macro(&name));
        }
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        // A nested item has no steps of this function; a nested macro may be used as if it had.
        if let Item::Macro(nested) = item
            && let Some(token) = find::first_await(nested.mac.tokens.clone())
        {
            self.refuse(token, &catalogue::await_in_macro("macro_rules"));
        }
    }
}
