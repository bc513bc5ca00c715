//! The check of a body for clocks, randomness, the environment, threads and foreign concurrency.
//!
//! It looks into nested closures, blocks and items, since all of them are code of the function, and it
//! looks away from the arguments of `external(..)`, which may do anything.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprCall, ExprPath, ItemUse, Macro, UseTree};

use super::macros::Arguments;
use super::{is_ours, is_transaction, paths, rules, transaction};
use crate::catalogue;
use crate::errors::Errors;

/// Notes all that a replay could not repeat.
pub(super) fn check(block: &Block, errors: &mut Errors) {
    Check { errors }.visit_block(block);
}

/// Whether a call is `external(name, ..)`.
pub(super) fn is_external(call: &ExprCall) -> bool {
    matches!(&*call.func, Expr::Path(path) if is_ours(&path.path, "external"))
}

/// Whether a call hands futures or closures to a thread, a task or another library's way to join.
pub(super) fn runs_elsewhere(call: &ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else { return false };
    is_spawn(call) || rules::runs_elsewhere(&paths::names(&path.path))
}

struct Check<'a> {
    errors: &'a mut Errors,
}

impl Check<'_> {
    fn judge(&mut self, path: &[String], tokens: impl ToTokens) {
        if let Some(mistake) = rules::judge(path) {
            self.errors.push(tokens, &mistake);
        }
    }

    fn use_tree(&mut self, prefix: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.use_tree(prefix, &path.tree);
                prefix.pop();
            }
            UseTree::Name(name) => self.use_name(prefix, &name.ident),
            UseTree::Rename(rename) => self.use_name(prefix, &rename.ident),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(prefix, tree)),
            _ => {}
        }
    }

    fn use_name(&mut self, prefix: &[String], name: &proc_macro2::Ident) {
        let path: Vec<String> = prefix.iter().cloned().chain([name.to_string()]).collect();
        self.judge(&path, name);
    }
}

impl<'ast> Visit<'ast> for Check<'_> {
    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        self.judge(&paths::names(&path.path), path);
        visit::visit_expr_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if is_external(call) {
            call.args.first().into_iter().for_each(|name| self.visit_expr(name));
            return;
        }
        if is_spawn(call) {
            self.errors.push(&call.func, &catalogue::threads("spawn"));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        if let Some(mistake) = rules::judge_macro(&paths::names(&mac.path)) {
            self.errors.push(&mac.path, &mistake);
            return;
        }
        if is_transaction(&mac.path)
            && let Some(body) = transaction::body(mac)
        {
            self.visit_block(&body);
            return;
        }
        match Arguments::parse(mac) {
            Some(arguments) => arguments.exprs().into_iter().for_each(|expr| self.visit_expr(expr)),
            None => {
                for (path, tokens) in paths::among(mac.tokens.clone()) {
                    self.judge(&path, tokens);
                }
            }
        }
    }

    fn visit_expr_await(&mut self, awaited: &'ast syn::ExprAwait) {
        let path = paths::root(&awaited.base).map(paths::names).unwrap_or_default();
        // A path or macro that is a mistake by itself is reported where it stands, once.
        if rules::judge(&path).is_none()
            && rules::judge_macro(&path).is_none()
            && let Some(mistake) = rules::judge_awaited(&path)
        {
            self.errors.push(paths::root(&awaited.base), &mistake);
        }
        visit::visit_expr_await(self, awaited);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.use_tree(&mut Vec::new(), &item.tree);
    }
}

/// `spawn(async { .. })` or `spawn(|| ..)`: an imported `spawn`, unlike a function of the user's own domain.
fn is_spawn(call: &ExprCall) -> bool {
    let named = matches!(&*call.func, Expr::Path(path) if path.path.is_ident("spawn"));
    named && matches!(call.args.first(), Some(Expr::Async(_) | Expr::Closure(_)))
}
