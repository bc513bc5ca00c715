//! A YAML writer: block style, deterministic, and what could be read as something else is quoted.

/// A YAML value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    Text(String),
    Number(u64),
    Bool(bool),
    List(Vec<Self>),
    Map(Map),
}

/// A mapping, in the order in which it was made. A key may have a comment before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Map(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    comment: Option<&'static str>,
    key: String,
    value: Yaml,
}

impl Map {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// The same with one key more.
    pub(super) fn with(mut self, key: impl Into<String>, value: impl Into<Yaml>) -> Self {
        self.0.push(Entry { comment: None, key: key.into(), value: value.into() });
        self
    }

    /// The same with one key more, which is explained.
    pub(super) fn explained(mut self, comment: &'static str, key: impl Into<String>, value: impl Into<Yaml>) -> Self {
        self.0.push(Entry { comment: Some(comment), key: key.into(), value: value.into() });
        self
    }

    /// The same with one key more, if there is a value.
    pub(super) fn with_some(self, key: &str, value: Option<impl Into<Yaml>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The text of a document.
    pub(super) fn document(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0);
        text
    }

    fn write(&self, text: &mut String, depth: usize) {
        for (number, Entry { comment, key, value }) in self.0.iter().enumerate() {
            if number > 0 || !text.ends_with("- ") {
                indent(text, depth);
            }
            for line in comment.iter().flat_map(|comment| comment.lines()) {
                text.push_str("# ");
                text.push_str(line);
                text.push('\n');
                indent(text, depth);
            }
            text.push_str(&scalar(key));
            text.push(':');
            value.write(text, depth);
        }
    }
}

impl Yaml {
    /// Writes the value behind a key.
    fn write(&self, text: &mut String, depth: usize) {
        match self {
            Self::List(values) if values.is_empty() => text.push_str(" []\n"),
            Self::Map(Map(entries)) if entries.is_empty() => text.push_str(" {}\n"),
            Self::List(values) => {
                text.push('\n');
                for value in values {
                    indent(text, depth + 1);
                    text.push('-');
                    value.write_in_list(text, depth + 1);
                }
            }
            Self::Map(map) => {
                text.push('\n');
                map.write(text, depth + 1);
            }
            value => value.write_scalar(text),
        }
    }

    fn write_in_list(&self, text: &mut String, depth: usize) {
        match self {
            Self::Map(map) if !map.0.is_empty() => {
                text.push(' ');
                map.write(text, depth + 1);
            }
            value => value.write(text, depth),
        }
    }

    fn write_scalar(&self, text: &mut String) {
        text.push(' ');
        match self {
            Self::Text(value) => text.push_str(&scalar(value)),
            Self::Number(value) => text.push_str(&value.to_string()),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::List(_) | Self::Map(_) => unreachable!("no scalar"),
        }
        text.push('\n');
    }
}

impl From<&str> for Yaml {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<u32> for Yaml {
    fn from(value: u32) -> Self {
        Self::Number(value.into())
    }
}

impl From<bool> for Yaml {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Map> for Yaml {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Yaml {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// A text as it is if nothing else can be read in it, and quoted otherwise.
fn scalar(value: &str) -> String {
    if is_plain(value) { value.to_owned() } else { format!("'{}'", value.replace('\'', "''")) }
}

/// A letter, a path or a variable first, and no word that some reader of YAML takes for a boolean or for nothing. What
/// begins with a digit is quoted: it may be a number or a date.
fn is_plain(value: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let begins = value.starts_with(|first: char| first.is_ascii_alphabetic() || "/$".contains(first));
    (begins || value.starts_with("../"))
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./:${}()-".contains(&byte) || byte == b' ')
        && !value.contains(": ")
        && !value.ends_with([':', ' '])
        && !WORDS.contains(&value.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_and_lists_are_blocks() {
        let list: Vec<Yaml> = vec!["a".into(), Map::new().with("b", 1).with("c", vec!["d"]).into(), 7.into()];
        let map = Map::new().with("First", Map::new().with("List", list)).explained("Why.\nSo.", "Last", true);
        assert_eq!(
            map.document(),
            "First:\n  List:\n    - a\n    - b: 1\n      c:\n        - d\n    - 7\n# Why.\n# So.\nLast: true\n"
        );
        let empty = Map::new().with("Map", Map::new()).with("List", Vec::<Yaml>::new());
        assert_eq!(empty.document(), "Map: {}\nList: []\n");
    }

    #[test]
    fn what_could_be_something_else_is_quoted() {
        for text in ["", "2010-09-09", "012", "no", "True", "null", "a: b", "a:", "*", "{}", "a#b", "it's", "-", "a\""]
        {
            assert!(scalar(text).starts_with('\''), "{text}");
        }
        assert_eq!(scalar("it's"), "'it''s'");
        for text in
            ["hotel", "${AWS::StackName}-hotel:live", "dynamodb:GetItem", "/aws/lambda/x", "../a.zip", "rate(1 minute)"]
        {
            assert_eq!(scalar(text), text.to_owned());
        }
        assert_eq!(scalar("AWS::Serverless-2016-10-31"), "AWS::Serverless-2016-10-31");
    }
}
