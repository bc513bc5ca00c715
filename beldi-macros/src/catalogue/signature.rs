//! Mistakes in signatures and options: BELDI012 to BELDI021, and `service!`, BELDI024.

use super::Mistake;

/// The attribute stands on something that is no function.
pub(crate) fn not_a_function(attribute: &str) -> Mistake {
    Mistake::new(
        12,
        format!("`#[{attribute}]` goes on an `async fn` with a body"),
        "",
        format!("`#[{attribute}(..)] async fn name(argument: Type) -> Output {{ .. }}`"),
    )
}

/// The function is not `async`.
pub(crate) fn not_async(name: &str) -> Mistake {
    Mistake::new(
        12,
        format!("`{name}` is not `async`"),
        "steps are awaited",
        format!("write `async fn {name}`; a function without steps needs no attribute of ours"),
    )
}

/// The function is a method.
pub(crate) fn receiver() -> Mistake {
    Mistake::new(
        13,
        "a beldi function cannot be a method",
        "it is called by name, in another process and after a crash, where there is no `self`",
        "make it a free function outside of the `impl` block, and pass the data as arguments",
    )
}

/// The helper is a method.
pub(crate) fn helper_receiver() -> Mistake {
    Mistake::new(
        13,
        "a helper cannot be a method",
        "its body becomes a function of its own, where there is no `self`",
        "make it a free function outside of the `impl` block that takes the value as an argument: `room: &mut Room`",
    )
}

/// The function is generic.
pub(crate) fn generics() -> Mistake {
    Mistake::new(
        14,
        "a beldi function cannot be generic",
        "it is called by name, where no types are known",
        "write a function for each type that calls a generic `#[beldi::helper]`",
    )
}

/// An argument or the result is borrowed, or its type is hidden.
pub(crate) fn borrowed(kind: &str) -> Mistake {
    Mistake::new(
        15,
        format!("{kind} cannot cross the boundary of a beldi function"),
        "arguments and results are written to the journal and sent to other processes",
        "use an owned, named type, as `String` for `&str` or `Vec<T>` for `&[T]`; a `#[beldi::helper]` may borrow",
    )
}

/// A helper takes `impl Trait`.
pub(crate) fn helper_impl_trait() -> Mistake {
    Mistake::new(
        15,
        "a helper cannot take or give `impl Trait`",
        "its arguments and its result are named in the type of the helper",
        "name the type as a type parameter: `fn name<T: Trait>(argument: T)`",
    )
}

/// `unsafe`, `extern`, `const` or variadic.
pub(crate) fn qualifier(qualifier: &str) -> Mistake {
    Mistake::new(
        16,
        format!("a beldi function cannot be `{qualifier}`"),
        "it is called by name and replayed",
        format!("drop `{qualifier}`, or put the code that needs it into an ordinary function"),
    )
}

/// An argument has no name.
pub(crate) fn unnamed_argument() -> Mistake {
    Mistake::new(
        17,
        "an argument of a beldi function needs a name",
        "it is the argument's field in a JSON request",
        "name it, and take it apart in the body: `let Stay { hotel, night } = stay;`",
    )
}

/// More arguments than a tuple can have in serde.
pub(crate) fn too_many_arguments(count: usize, limit: usize) -> Mistake {
    Mistake::new(
        17,
        format!("{count} arguments are more than the {limit} that a beldi function can have"),
        "",
        "put them into a struct",
    )
}

/// A required option is absent.
pub(crate) fn missing_option(owner: &str, option: &str, form: &str) -> Mistake {
    Mistake::new(18, format!("`{owner}` needs `{option}`"), "", format!("`{form}`"))
}

/// An option that does not exist.
pub(crate) fn unknown_option(owner: &str, option: &str, known: &[&str]) -> Mistake {
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    Mistake::new(
        19,
        format!("`{option}` is no option of `{owner}`"),
        "",
        format!("the options are {}", known.join(", ")),
    )
}

/// An option that is there twice.
pub(crate) fn repeated_option(option: &str) -> Mistake {
    Mistake::new(20, format!("`{option}` is given twice"), "", "keep one of them")
}

/// An option whose value is of the wrong form.
pub(crate) fn malformed_option(option: &str, form: &str) -> Mistake {
    Mistake::new(21, format!("the value of `{option}` is malformed"), "", format!("write `{form}`"))
}

/// The options are no list of options.
pub(crate) fn malformed_options(owner: &str, form: &str) -> Mistake {
    Mistake::new(21, format!("the options of `{owner}` are malformed"), "", format!("write `{form}`"))
}

/// A time limit that is no time, or longer than Lambda allows.
pub(crate) fn malformed_timeout(value: &str) -> Mistake {
    Mistake::new(
        21,
        format!("`{value}` is no time limit"),
        "",
        "write a number and a unit, as `500ms`, `5s` or `2m`: more than zero, and at most the 15 minutes of AWS Lambda",
    )
}

/// A time to keep results that is no time, or too long.
pub(crate) fn malformed_retention(value: &str) -> Mistake {
    Mistake::new(
        21,
        format!("`{value}` is no time to keep results"),
        "",
        "write a number and a unit, as `90m`, `12h` or `7d`: more than zero, and at most `366d`",
    )
}

/// A number of tries that is none.
pub(crate) fn malformed_tries(value: &str) -> Mistake {
    Mistake::new(
        21,
        format!("`{value}` is no number of tries"),
        "",
        format!("write a whole number, at least 1 and at most {}", u32::MAX),
    )
}

/// `service!` with something else than a name.
pub(crate) fn service_malformed() -> Mistake {
    Mistake::new(24, "`beldi::service!` declares one service", "", "`beldi::service!(pub Hotel = \"hotel\");`")
}

/// A service name that has no place in table names and URLs.
pub(crate) fn service_name(name: &str) -> Mistake {
    Mistake::new(
        24,
        format!("`{name}` is no name of a service"),
        "it becomes part of table names, addresses and policies",
        "use 1 to 63 lower-case letters, digits and hyphens, and begin with a letter",
    )
}
