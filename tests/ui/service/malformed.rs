//! A service is a type and a name.

beldi::service!(Hotel);

fn main() {}
