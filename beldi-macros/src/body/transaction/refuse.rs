//! The check of a transaction's body for what has no place in one.
//!
//! Like all checks of bodies it goes by names. What the body calls is not seen here, and is found when it runs.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{
    Block, Expr, ExprAsync, ExprAwait, ExprBlock, ExprBreak, ExprCall, ExprClosure, ExprContinue, ExprForLoop,
    ExprLoop, ExprPath, ExprWhile, Item, Label, Lifetime, Macro, Path,
};

use super::super::macros::Arguments;
use super::super::{forbidden, is_join, is_transaction, paths};
use crate::catalogue::{self, Mistake};
use crate::errors::Errors;

/// Notes what has no place in a transaction. The body of an inner one is left to its own check.
pub(in crate::body) fn refuse(body: &Block, errors: &mut Errors) {
    Refuse { errors, jumps: Some(Vec::new()) }.visit_block(body);
}

struct Refuse<'a> {
    errors: &'a mut Errors,
    /// What a jump can leave without leaving the body. Absent in closures and `async` blocks, which no jump leaves,
    /// as the compiler says.
    jumps: Option<Vec<Target>>,
}

/// A loop, or a block with a label.
struct Target {
    is_loop: bool,
    label: Option<Lifetime>,
}

impl Refuse<'_> {
    fn jump(&mut self, token: impl ToTokens, keyword: &str, label: Option<&Lifetime>) {
        let reaches = |target: &Target| match label {
            Some(label) => target.label.as_ref() == Some(label),
            None => target.is_loop,
        };
        if self.jumps.as_ref().is_some_and(|targets| !targets.iter().any(reaches)) {
            self.errors.push(token, &catalogue::leaving_transaction(keyword));
        }
    }

    fn target(&mut self, is_loop: bool, label: Option<&Label>, visit: impl FnOnce(&mut Self)) {
        if let Some(targets) = &mut self.jumps {
            targets.push(Target { is_loop, label: label.map(|label| label.name.clone()) });
        }
        visit(self);
        if let Some(targets) = &mut self.jumps {
            targets.pop();
        }
    }

    fn without_jumps(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = self.jumps.take();
        visit(self);
        self.jumps = outer;
    }

    /// Judges an operation that is awaited, or is a branch of a `join!`.
    fn operation(&mut self, operation: &Expr) {
        if let Some(path) = origin(operation)
            && is_query(path)
        {
            self.errors.push(path, &catalogue::query_in_transaction(&paths::names(path).join("::")));
        }
    }
}

impl<'ast> Visit<'ast> for Refuse<'_> {
    fn visit_expr_break(&mut self, jump: &'ast ExprBreak) {
        self.jump(jump.break_token, "break", jump.label.as_ref());
        visit::visit_expr_break(self, jump);
    }

    fn visit_expr_continue(&mut self, jump: &'ast ExprContinue) {
        self.jump(jump.continue_token, "continue", jump.label.as_ref());
    }

    fn visit_expr_loop(&mut self, expr: &'ast ExprLoop) {
        self.target(true, expr.label.as_ref(), |this| visit::visit_expr_loop(this, expr));
    }

    fn visit_expr_while(&mut self, expr: &'ast ExprWhile) {
        self.target(true, expr.label.as_ref(), |this| visit::visit_expr_while(this, expr));
    }

    fn visit_expr_for_loop(&mut self, expr: &'ast ExprForLoop) {
        self.visit_expr(&expr.expr);
        self.target(true, expr.label.as_ref(), |this| this.visit_block(&expr.body));
    }

    fn visit_expr_block(&mut self, expr: &'ast ExprBlock) {
        self.target(false, expr.label.as_ref(), |this| visit::visit_expr_block(this, expr));
    }

    fn visit_expr_closure(&mut self, expr: &'ast ExprClosure) {
        self.without_jumps(|this| visit::visit_expr_closure(this, expr));
    }

    fn visit_expr_async(&mut self, expr: &'ast ExprAsync) {
        self.without_jumps(|this| visit::visit_expr_async(this, expr));
    }

    fn visit_expr_await(&mut self, awaited: &'ast ExprAwait) {
        self.operation(&awaited.base);
        visit::visit_expr_await(self, awaited);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(path) = &*call.func
            && let Some(mistake) = judge(path)
        {
            self.errors.push(path, &mistake);
        }
        if forbidden::is_external(call) {
            call.args.first().into_iter().for_each(|name| self.visit_expr(name));
        } else {
            visit::visit_expr_call(self, call);
        }
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        if is_transaction(&mac.path) {
            return;
        }
        let Some(arguments) = Arguments::parse(mac) else { return };
        for expr in arguments.exprs() {
            if is_join(&mac.path) {
                self.operation(expr);
            }
            self.visit_expr(expr);
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

/// The mistake that a call of this path is in a transaction, if it is one.
fn judge(path: &ExprPath) -> Option<Mistake> {
    let segments = &path.path.segments;
    let name = segments.last()?.ident.to_string();
    let is_ours = segments.len() == 2 && segments[0].ident == "beldi";
    // Alone, these are names that functions of the user's own may have; but those have no type arguments.
    let is_lock = segments.len() == 1 && !segments[0].arguments.is_none();
    let shown = format!("beldi::{name}");
    match name.as_str() {
        "external" if is_ours || segments.len() == 1 => Some(catalogue::external_in_transaction()),
        "sleep" | "sleep_until" | "wait_for" if is_ours => Some(catalogue::waiting_in_transaction(&shown)),
        "lock" if is_ours || is_lock => Some(catalogue::lock_in_transaction(&shown)),
        _ => None,
    }
}

/// Whether a path is `Room::query` or its like: of a type, since a module may have a function of that name.
fn is_query(path: &Path) -> bool {
    let mut names = path.segments.iter().rev().map(|segment| segment.ident.to_string());
    let is_named = names.next().is_some_and(|name| matches!(name.as_str(), "query" | "query_index" | "scan"));
    is_named && names.next().is_some_and(|owner| owner.starts_with(char::is_uppercase))
}

/// The path that an operation is made by: `Room::query` in `Room::query(&hotel).limit(2)`.
fn origin(operation: &Expr) -> Option<&Path> {
    match operation {
        Expr::Path(path) => Some(&path.path),
        Expr::Call(call) => origin(&call.func),
        Expr::MethodCall(call) => origin(&call.receiver),
        Expr::Paren(paren) => origin(&paren.expr),
        Expr::Group(group) => origin(&group.expr),
        _ => None,
    }
}
