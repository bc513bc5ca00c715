//! The options of a function.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::Path;

use crate::catalogue;
use crate::errors::Errors;
use crate::options::{Options, Owner};
use crate::timeout;

const OWNER: Owner = Owner {
    name: "beldi::function",
    form: "#[beldi::function(service = Hotel, read_only, timeout = \"5s\")]",
    known: &["service", "read_only", "timeout", "retention"],
    repeatable: &[],
};

/// The options given to a function.
pub(super) struct FunctionOptions {
    /// Absent only after a mistake.
    pub(super) service: Option<Path>,
    pub(super) read_only: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) retention: Option<Duration>,
}

/// Parses the options. A missing service is a mistake.
pub(super) fn options(tokens: TokenStream, errors: &mut Errors) -> FunctionOptions {
    let options = Options::parse(OWNER, tokens, errors);
    if options.span("service").is_none() {
        let form = "#[beldi::function(service = Hotel)]";
        errors.push_at(Span::call_site(), &catalogue::missing_option(OWNER.name, "service", form));
    }
    FunctionOptions {
        service: options.value("service", "service = Hotel", errors),
        read_only: options.flag("read_only", errors),
        timeout: options.text("timeout", "timeout = \"5s\"", errors).and_then(|text| timeout::parse(&text, errors)),
        retention: options
            .text("retention", "retention = \"7d\"", errors)
            .and_then(|text| timeout::parse_retention(&text, errors)),
    }
}
