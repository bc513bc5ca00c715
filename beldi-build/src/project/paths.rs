//! Paths as they are seen from elsewhere.

use std::path::{Component, Path, PathBuf};

/// The way from the folder `from` to `to`, both absolute, with slashes.
///
/// ```
/// use std::path::Path;
///
/// let path = beldi_build::relative(Path::new("/shop/infra"), Path::new("/shop/target/lambda/shop/bootstrap.zip"));
/// assert_eq!(path, "../target/lambda/shop/bootstrap.zip");
/// ```
pub fn relative(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = from[shared..].iter().map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to[shared..].iter().copied()).collect();
    let parts = way.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_up_and_down() {
        let way = |from: &str, to: &str| relative(Path::new(from), Path::new(to));
        assert_eq!(way("/a/b", "/a/b/c/d"), "c/d");
        assert_eq!(way("/a/b/c", "/a/x"), "../../x");
        assert_eq!(way("/a", "/b/c"), "../b/c");
    }
}
