//! The code package of a function: a folder of files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The files of a function's code, by their path inside the package. Paths are
/// relative, with `/` between folders, and never lead outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    try_from = "BTreeMap<String, String>",
    into = "BTreeMap<String, String>"
)]
pub struct CodePackage(BTreeMap<String, String>);

/// Why a set of files is not a [`CodePackage`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCodePackage {
    /// There is no file at all. Source: `FSS.1012`.
    #[error("the function code must be configured")]
    Empty,
    /// A path is empty, absolute, too long, or has a segment that is not allowed.
    #[error(
        "file path {0:?} must be relative, with at most 255 letters, digits, spaces and - _ . / characters and no segment . or .."
    )]
    Path(String),
    /// A path is a folder of another one.
    #[error("{0:?} is both a file and a folder")]
    FileAndFolder(String),
    /// There are too many files.
    #[error("must have at most 1000 files, has {0}")]
    Count(usize),
    /// Together the files are too large.
    #[error("must have at most 20 MB, has {0} bytes")]
    Size(usize),
}

impl CodePackage {
    /// Most bytes of all files together; the vendor's editor shows code up to 20 MB.
    pub const MAX_BYTES: usize = 20 * 1024 * 1024;
    /// Most files of a package.
    pub const MAX_FILES: usize = 1000;

    /// A package with one file.
    pub fn single(path: &str, text: impl Into<String>) -> Result<Self, InvalidCodePackage> {
        Self::try_from(BTreeMap::from([(path.to_owned(), text.into())]))
    }

    /// The files in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The text of the file at `path`.
    pub fn file(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> usize {
        self.0.values().map(String::len).sum()
    }
}

impl TryFrom<BTreeMap<String, String>> for CodePackage {
    type Error = InvalidCodePackage;

    fn try_from(files: BTreeMap<String, String>) -> Result<Self, InvalidCodePackage> {
        use InvalidCodePackage as Invalid;
        if files.is_empty() {
            return Err(Invalid::Empty);
        }
        if files.len() > Self::MAX_FILES {
            return Err(Invalid::Count(files.len()));
        }
        for path in files.keys() {
            let allowed = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/');
            let right = path.len() <= 255
                && path.chars().all(allowed)
                && path
                    .split('/')
                    .all(|segment| !matches!(segment, "" | "." | ".."));
            if !right {
                return Err(Invalid::Path(path.chars().take(255).collect()));
            }
            let folder = |(end, _): (usize, &str)| files.contains_key(&path[..end]);
            if path.match_indices('/').any(folder) {
                return Err(Invalid::FileAndFolder(path.clone()));
            }
        }
        let bytes = files.values().map(String::len).sum();
        if bytes > Self::MAX_BYTES {
            return Err(Invalid::Size(bytes));
        }
        Ok(Self(files))
    }
}

impl From<CodePackage> for BTreeMap<String, String> {
    fn from(package: CodePackage) -> Self {
        package.0
    }
}

/// A place in the code that keeps it from being deployed, most often a syntax
/// error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeError {
    /// The file's path inside the package.
    pub file: String,
    /// The line, counted from 1; 0 where it is not known.
    pub line: u32,
    /// The column, counted from 1; 0 where it is not known.
    pub column: u32,
    /// What is wrong, for example `SyntaxError: '(' was never closed`.
    pub message: String,
}

impl std::fmt::Display for CodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
        } = self;
        match (line, column) {
            (0, _) => write!(f, "{file}: {message}"),
            (_, 0) => write!(f, "{file}, line {line}: {message}"),
            _ => write!(f, "{file}, line {line}, column {column}: {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leads_outside() {
        let check = |path: &str| CodePackage::single(path, "");
        for right in ["index.py", "src/index.py", "data/größe 1.txt", ".hidden"] {
            assert!(check(right).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            "a\\b",
            "a\0b",
            "./a",
        ] {
            assert!(
                matches!(check(wrong), Err(InvalidCodePackage::Path(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_file_cannot_also_be_a_folder() {
        let files = ["a", "a/b"].map(|path| (path.to_owned(), String::new()));
        assert_eq!(
            CodePackage::try_from(BTreeMap::from(files)),
            Err(InvalidCodePackage::FileAndFolder("a/b".to_owned()))
        );
    }

    #[test]
    fn a_package_has_a_file_and_is_not_too_large() {
        assert_eq!(
            CodePackage::try_from(BTreeMap::new()),
            Err(InvalidCodePackage::Empty)
        );
        let large = "x".repeat(CodePackage::MAX_BYTES + 1);
        assert!(matches!(
            CodePackage::single("a", large),
            Err(InvalidCodePackage::Size(_))
        ));
    }
}
