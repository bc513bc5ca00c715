//! What the signature of a helper may look like: anything that can be named.

use syn::visit::Visit;
use syn::{Signature, TypeImplTrait};

use crate::catalogue;
use crate::errors::Errors;

/// Notes what is wrong with the signature of a helper. Gives whether nothing is.
pub(super) fn signature(sig: &Signature, errors: &mut Errors) -> bool {
    let before = errors.count();
    if let Some(receiver) = sig.receiver() {
        errors.push(receiver, &catalogue::helper_receiver());
    }
    ImplTrait { errors }.visit_signature(sig);
    errors.count() == before
}

struct ImplTrait<'a> {
    errors: &'a mut Errors,
}

impl<'ast> Visit<'ast> for ImplTrait<'_> {
    fn visit_type_impl_trait(&mut self, impl_trait: &'ast TypeImplTrait) {
        self.errors.push(impl_trait, &catalogue::helper_impl_trait());
    }
}
