//! Compile errors are an interface: what the compiler says to a user for each mistake, and what compiles.
//!
//! `tests/ui/README.md` says how the cases are grouped and how to write one. This is a step of its own,
//! `cargo test --no-default-features --test ui`, because the texts are those of the pinned toolchain.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/[!p]*/*.rs");
}

#[test]
fn what_is_right_compiles() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}
