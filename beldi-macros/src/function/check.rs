//! What the signature of a function may look like.
//!
//! Whether the types can be written to the journal is left to the compiler (BELDI008, `Data`).

use syn::visit::Visit;
use syn::{FnArg, GenericParam, Lifetime, Pat, Signature, Type, TypeFnPtr, TypeImplTrait, TypeReference};

use crate::catalogue;
use crate::errors::Errors;

/// serde implements its traits for tuples of up to this many elements.
const MAX_ARGUMENTS: usize = 16;

/// Notes what is wrong with the types and arguments of a function. Gives whether nothing is.
pub(crate) fn signature(sig: &Signature, errors: &mut Errors) -> bool {
    let before = errors.count();
    let mut boundary = Boundary { errors, found: false };
    for input in &sig.inputs {
        let argument = match input {
            FnArg::Typed(argument) => argument,
            FnArg::Receiver(receiver) => {
                boundary.errors.push(receiver, &catalogue::receiver());
                continue;
            }
        };
        boundary.check(&argument.ty);
        if !matches!(&*argument.pat, Pat::Ident(ident) if ident.by_ref.is_none() && ident.subpat.is_none()) {
            boundary.errors.push(&argument.pat, &catalogue::unnamed_argument());
        }
    }
    if let syn::ReturnType::Type(_, output) = &sig.output {
        boundary.check(output);
    }
    if sig.inputs.len() > MAX_ARGUMENTS {
        errors.push(&sig.inputs, &catalogue::too_many_arguments(sig.inputs.len(), MAX_ARGUMENTS));
    }
    let only_lifetimes = sig.generics.params.iter().all(|param| matches!(param, GenericParam::Lifetime(_)));
    match sig.generics.params.is_empty() {
        true if sig.generics.where_clause.is_none() => {}
        // The references that use these lifetimes are reported already.
        false if only_lifetimes && errors.count() > before => {}
        false if only_lifetimes => errors.push(&sig.generics, &catalogue::borrowed("a lifetime")),
        false => errors.push(&sig.generics, &catalogue::generics()),
        true => errors.push(&sig.generics.where_clause, &catalogue::generics()),
    }
    errors.count() == before
}

/// Looks for the first thing in a type that cannot leave the process.
struct Boundary<'a> {
    errors: &'a mut Errors,
    found: bool,
}

impl Boundary<'_> {
    fn check(&mut self, ty: &Type) {
        self.found = false;
        self.visit_type(ty);
    }

    fn found(&mut self, tokens: impl quote::ToTokens, kind: &str) {
        if !self.found {
            self.errors.push(tokens, &catalogue::borrowed(kind));
        }
        self.found = true;
    }
}

impl<'ast> Visit<'ast> for Boundary<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        self.found(reference, "a reference");
    }

    fn visit_type_impl_trait(&mut self, impl_trait: &'ast TypeImplTrait) {
        self.found(impl_trait, "`impl Trait`");
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        self.found(lifetime, "a lifetime");
    }

    fn visit_type_fn_ptr(&mut self, pointer: &'ast TypeFnPtr) {
        self.found(pointer, "a function pointer");
    }
}
