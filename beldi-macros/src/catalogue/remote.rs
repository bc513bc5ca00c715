//! Mistakes in `remote!`: BELDI039. That a service is another program's is told by a trait, BELDI040.

use super::Mistake;

/// `remote!` that does not begin with a service.
pub(crate) fn remote_malformed() -> Mistake {
    Mistake::new(
        39,
        "`beldi::remote!` declares a service of another program, and then its functions",
        "",
        "`beldi::remote! { pub Hotel = \"hotel\"; pub async fn free(hotel: String) -> u32; }`",
    )
}

/// Something else than a function in `remote!`.
pub(crate) fn remote_function_malformed() -> Mistake {
    Mistake::new(
        39,
        "this declares no function of another program",
        "",
        "write a signature that ends in `;`, as `pub async fn free(hotel: String) -> u32;`",
    )
}

/// A function in `remote!` with code.
pub(crate) fn remote_body(name: &str) -> Mistake {
    Mistake::new(
        39,
        format!("`{name}` has a body"),
        "`beldi::remote!` declares functions whose code is in another program",
        "end the signature in `;`; a function of your own is a `#[beldi::function]` of a service of your own",
    )
}

/// An attribute that is about code.
pub(crate) fn remote_attribute() -> Mistake {
    Mistake::new(
        39,
        "this attribute has no effect on a function of another program",
        "its code is there and not here",
        "remove it; what callers must know is said in `#[beldi(read_only, retention = \"7d\")]`",
    )
}
