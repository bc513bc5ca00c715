//! The options of a helper.

use proc_macro2::TokenStream;
use syn::Path;

use crate::errors::Errors;
use crate::options::{Options, Owner};

const OWNER: Owner = Owner {
    name: "beldi::helper",
    form: "#[beldi::helper(service = Hotel, read_only)]",
    known: &["service", "read_only"],
    repeatable: &[],
};

/// The options given to a helper.
pub(super) struct HelperOptions {
    /// The service whose tables it may touch; without one it touches none, and serves any service.
    pub(super) service: Option<Path>,
    pub(super) read_only: bool,
}

/// Parses the options.
pub(super) fn options(tokens: TokenStream, errors: &mut Errors) -> HelperOptions {
    let options = Options::parse(OWNER, tokens, errors);
    HelperOptions {
        service: options.value("service", "service = Hotel", errors),
        read_only: options.flag("read_only", errors),
    }
}
