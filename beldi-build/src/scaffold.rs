//! The files of a new project.
//!
//! Invariant: a name that is taken can be deployed. It fits into the names that AWS gives length and letters.

use std::path::Path;

/// The longest name: with that of a service behind it, it is the name of a Lambda function, of 64 characters at most.
const MAX_NAME: usize = 40;

const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("scaffold/project/Cargo.toml.template")),
    ("README.md", include_str!("scaffold/project/README.md.template")),
    (".gitignore", include_str!("scaffold/project/gitignore")),
    ("src/lib.rs", include_str!("scaffold/project/src/lib.rs")),
    ("src/main.rs", include_str!("scaffold/project/src/main.rs")),
    ("src/orders.rs", include_str!("scaffold/project/src/orders.rs")),
    ("src/stock.rs", include_str!("scaffold/project/src/stock.rs")),
    ("tests/orders.rs", include_str!("scaffold/project/tests/orders.rs")),
];
/// The part of `Cargo.toml` that only the root of a workspace may have.
const PROFILE: &str = include_str!("scaffold/project/profile.toml");

/// The crates that a project uses: it could not name them beside itself.
const USED: &[&str] = &["alloc", "beldi", "core", "proc-macro", "serde", "std"];

/// A name cannot be that of a project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectNameError {
    /// AWS would refuse it somewhere.
    #[error(
        "`{name}` cannot be the name of a project: it goes into the names of tables, functions and the stack, so it has 1 to {MAX_NAME} lower-case letters, digits and single hyphens between them, a letter first"
    )]
    Letters {
        /// The name.
        name: String,
    },
    /// It is that of a crate which the project uses.
    #[error("`{name}` cannot be the name of a project: it uses a crate of this name")]
    Used {
        /// The name.
        name: String,
    },
}

/// A new project: two services, one of which calls the other in a transaction, and their tests.
///
/// ```
/// use beldi_build::Scaffold;
///
/// let files = Scaffold::new("shop", None)?.files();
/// let (_, manifest) = files.iter().find(|(path, _)| *path == "Cargo.toml").expect("a manifest");
/// assert!(manifest.contains(r#"name = "shop""#));
/// assert!(Scaffold::new("My Shop", None).is_err());
/// # Ok::<(), beldi_build::ProjectNameError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Scaffold {
    name: String,
    beldi: String,
    in_workspace: bool,
}

impl Scaffold {
    /// The project of this name. It takes beldi from the folder, or from crates.io in the version that this is.
    ///
    /// # Errors
    ///
    /// A name that AWS would refuse somewhere, or that of a crate which the project uses.
    pub fn new(name: &str, beldi: Option<&Path>) -> Result<Self, ProjectNameError> {
        let letters =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
        let is_name = name.len() <= MAX_NAME
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.split('-').all(letters);
        if !is_name {
            return Err(ProjectNameError::Letters { name: name.to_owned() });
        }
        if USED.contains(&name) {
            return Err(ProjectNameError::Used { name: name.to_owned() });
        }
        let beldi = match beldi {
            // Written as TOML writes a string, which may have any letter in it.
            Some(folder) => format!("path = {}", serde_json::Value::from(folder.display().to_string())),
            None => format!("version = \"{}\"", env!("CARGO_PKG_VERSION")),
        };
        Ok(Self { name: name.to_owned(), beldi, in_workspace: false })
    }

    /// The same as a member of a workspace, whose root says how everything is optimised.
    #[must_use]
    pub fn in_workspace(self) -> Self {
        Self { in_workspace: true, ..self }
    }

    /// What belongs into the `Cargo.toml` of the workspace if the project is [in one](Self::in_workspace).
    pub fn profiles() -> &'static str {
        PROFILE.trim_start()
    }

    /// The files, each with its path in the project.
    pub fn files(&self) -> Vec<(&'static str, String)> {
        let filled = |text: &str| {
            let text = text.replace("{name}", &self.name).replace("{crate}", &self.name.replace('-', "_"));
            text.replace("{beldi}", &self.beldi)
        };
        let mut files: Vec<_> = FILES.iter().map(|(path, text)| (*path, filled(text))).collect();
        if !self.in_workspace {
            files[0].1.push_str(PROFILE);
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{ProjectNameError, Scaffold};

    #[test]
    fn names_that_aws_would_refuse_are_refused() {
        let long = "a".repeat(41);
        for name in ["", "Shop", "my_shop", "my shop", "1shop", "-shop", "shop-", "my--shop", "../shop", "büro", &long]
        {
            assert!(Scaffold::new(name, None).is_err(), "{name}");
        }
        for name in super::USED {
            assert_eq!(Scaffold::new(name, None).err(), Some(ProjectNameError::Used { name: (*name).to_owned() }));
        }
        for name in ["shop", "s3", "my-shop-2", &long[1..]] {
            assert!(Scaffold::new(name, None).is_ok(), "{name}");
        }
    }

    #[test]
    fn nothing_is_left_to_be_filled_in() {
        let scaffold = Scaffold::new("my-shop", Some(Path::new(r#"/home/"ann"/beldi"#))).expect("a name");
        for (path, text) in scaffold.in_workspace().files() {
            let open = ["{name}", "{crate}", "{beldi}"].into_iter().find(|open| text.contains(open));
            assert_eq!(open, None, "{path}");
            assert!(!text.contains("[profile"), "{path}");
            if path == "Cargo.toml" {
                assert!(text.contains(r#"beldi = { path = "/home/\"ann\"/beldi", default-features"#), "{text}");
            }
        }
    }
}
