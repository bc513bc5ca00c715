//! Names for the lifetimes of a helper.
//!
//! A helper gives a value that holds its arguments until it is awaited. So its type names a lifetime
//! that all of them outlive, `'__beldi`, and every lifetime that the user left out needs a name, too.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::visit_mut::{self, VisitMut};
use syn::{Lifetime, ParenthesizedGenericArguments, Type, TypeFnPtr, TypeReference};

/// The lifetime for which a helper holds its arguments.
pub(super) fn held() -> Lifetime {
    Lifetime::new("'__beldi", Span::mixed_site())
}

/// The lifetimes in the arguments of a helper.
#[derive(Default)]
pub(super) struct Lifetimes {
    /// Those that we named.
    pub(super) made: Vec<Lifetime>,
    named: BTreeSet<Lifetime>,
}

impl Lifetimes {
    /// Names the lifetimes that an argument's type leaves out.
    pub(super) fn name_argument(&mut self, ty: &mut Type) {
        Namer { lifetimes: self, replacement: None }.visit_type_mut(ty);
    }

    /// Names the lifetimes that the output's type leaves out, by the rule of the language: it is the
    /// only one of the arguments. The compiler tells the user where there is no such lifetime.
    pub(super) fn name_output(&mut self, ty: &mut Type) {
        let mut candidates = self.made.iter().chain(&self.named);
        let only = match (candidates.next(), candidates.next()) {
            (Some(only), None) => only.clone(),
            _ => held(),
        };
        Namer { lifetimes: self, replacement: Some(only) }.visit_type_mut(ty);
    }
}

struct Namer<'a> {
    lifetimes: &'a mut Lifetimes,
    /// What stands for a lifetime that is left out; a new one when absent.
    replacement: Option<Lifetime>,
}

impl Namer<'_> {
    fn name(&mut self) -> Lifetime {
        if let Some(replacement) = &self.replacement {
            return replacement.clone();
        }
        let name = format!("'__beldi_{}", self.lifetimes.made.len());
        let lifetime = Lifetime::new(&name, Span::mixed_site());
        self.lifetimes.made.push(lifetime.clone());
        lifetime
    }
}

impl VisitMut for Namer<'_> {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            reference.lifetime = Some(self.name());
            self.visit_type_mut(&mut reference.elem);
        } else {
            visit_mut::visit_type_reference_mut(self, reference);
        }
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.name();
        } else if lifetime.ident != "static" && self.replacement.is_none() {
            self.lifetimes.named.insert(lifetime.clone());
        }
    }

    // What is left out in these belongs to each call of the function, not to the helper.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}

    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {}
}
