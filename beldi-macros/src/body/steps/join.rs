//! What is written for a `join!`: a context for each branch, and the branches as futures that run together.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Expr, Macro, Token};

use super::super::find;
use super::{Place, Steps, hidden, import, name_span};
use crate::catalogue;

impl Steps<'_> {
    /// Writes a `join!`.
    pub(super) fn join(&mut self, mac: &Macro) -> Expr {
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        let Ok(branches) = parser.parse2(mac.tokens.clone()) else {
            self.refuse(&mac.path, &catalogue::join_malformed());
            return Expr::Verbatim(TokenStream::new());
        };
        if branches.is_empty() {
            self.refuse(&mac.path, &catalogue::join_empty());
        }
        let span = name_span(mac);
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
        let (cx, join, results) = (&self.place.cx, hidden(format_ident!("__join")), hidden(format_ident!("__results")));
        let import = import(mac);
        // A `match` keeps what the operations borrow alive until all branches are done.
        Expr::Verbatim(quote_spanned! {span=> {
            #import
            let #join = ::beldi::__private::join(&#cx, #number);
            #(let #contexts = #join.branch(#indexes);)*
            let #results = match (#(#values,)*) {
                (#(#names,)*) => ::beldi::__private::tokio_join!(#(#join.run(#futures)),*),
            };
            #results
        }})
    }

    /// What is evaluated for a branch before all branches start, and its future, which finds that under
    /// the name `name`.
    fn branch(&mut self, branch: Expr, cx: &Ident, name: &Ident) -> (TokenStream, TokenStream) {
        match branch {
            Expr::Async(mut block) => {
                let outer = self.enter_branch(cx);
                self.visit_block_mut(&mut block.block);
                self.place = outer;
                (block.into_token_stream(), quote!(#name))
            }
            mut operation => {
                if let Some(token) = find::first_step(&operation) {
                    self.refuse(token, &catalogue::join_awaited_branch());
                }
                self.visit_expr_mut(&mut operation);
                let outer = self.enter_branch(cx);
                let step = self.step(&name.to_token_stream(), name.span());
                self.place = outer;
                // A block of its own keeps a mistake in the operation from being repeated by the join.
                (operation.into_token_stream(), quote_spanned!(name.span()=> async { #step.await }))
            }
        }
    }

    /// Goes to a branch, whose `return` and `?` leave only itself. Gives the place to come back to.
    fn enter_branch(&mut self, cx: &Ident) -> Place {
        let branch = Place { cx: cx.clone(), output: None, ..self.place.clone() };
        std::mem::replace(&mut self.place, branch)
    }
}
