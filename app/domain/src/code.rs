//! The code package of a function: a folder of files.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The files of a function's code, by their path inside the package. Paths are
/// relative, with `/` between folders, and never lead outside. A file is any
/// bytes; clones share them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodePackage(BTreeMap<String, Bytes>);

/// Why a set of files is not a [`CodePackage`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCodePackage {
    /// There is no file at all. Source: `FSS.1012`.
    #[error("the function code must be configured")]
    Empty,
    /// A path is empty, absolute, too long, or has something that is not allowed.
    #[error(
        "file path {0:?} must be relative, with at most 255 bytes, / between folders, no segment . or .. and no control character, backslash or colon"
    )]
    Path(String),
    /// A path is a folder of another one.
    #[error("{0:?} is in a folder that is also a file")]
    FileAndFolder(String),
    /// There are too many files.
    #[error("must have at most 10000 files, has {0}")]
    Count(usize),
    /// Together the files are too large.
    #[error("must have at most 128 MB, has {0} bytes")]
    Size(usize),
}

impl CodePackage {
    /// Most bytes of all files together. The vendor's are 1.5 GB, on a disk of
    /// its own; here a deploy has the whole package in memory once, and the
    /// database keeps it.
    pub const MAX_BYTES: usize = 128 * 1024 * 1024;
    /// Largest ZIP archive of a package. Source: the console's upload, 40 MB.
    pub const MAX_ZIP_BYTES: usize = 40 * 1024 * 1024;
    /// Most files of a package; the vendor has 30,000 for a dependency.
    pub const MAX_FILES: usize = 10_000;

    /// A package of these files.
    pub fn new<P, C>(files: impl IntoIterator<Item = (P, C)>) -> Result<Self, InvalidCodePackage>
    where
        P: Into<String>,
        C: Into<Bytes>,
    {
        let files = files.into_iter();
        let files = files.map(|(path, content)| (path.into(), content.into()));
        Self::of(files.collect())
    }

    /// A package with one file.
    pub fn single(path: &str, content: impl AsRef<[u8]>) -> Result<Self, InvalidCodePackage> {
        Self::new([(path, content.as_ref().to_vec())])
    }

    fn of(files: BTreeMap<String, Bytes>) -> Result<Self, InvalidCodePackage> {
        Self::check(&files, Bytes::len)?;
        Ok(Self(files))
    }

    /// Says whether files of these paths and sizes make a package, for those who
    /// do not have their bytes.
    pub fn check<F>(
        files: &BTreeMap<String, F>,
        bytes: impl Fn(&F) -> usize,
    ) -> Result<(), InvalidCodePackage> {
        use InvalidCodePackage as Invalid;
        if files.is_empty() {
            return Err(Invalid::Empty);
        }
        if files.len() > Self::MAX_FILES {
            return Err(Invalid::Count(files.len()));
        }
        for path in files.keys() {
            if !is_path(path) {
                return Err(Invalid::Path(path.chars().take(255).collect()));
            }
            let folder = |(end, _): (usize, &str)| files.contains_key(&path[..end]);
            if path.match_indices('/').any(folder) {
                return Err(Invalid::FileAndFolder(path.clone()));
            }
        }
        let all = files.values().map(bytes).fold(0, usize::saturating_add);
        if all > Self::MAX_BYTES {
            return Err(Invalid::Size(all));
        }
        Ok(())
    }

    /// The files in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.0
            .iter()
            .map(|(path, content)| (path.as_str(), content))
    }

    /// The file at `path`.
    pub fn file(&self, path: &str) -> Option<&Bytes> {
        self.0.get(path)
    }

    /// Number of files.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> usize {
        self.0.values().map(Bytes::len).sum()
    }

    /// The package after these changes. Files that they do not name stay as they are.
    pub fn with(&self, changes: CodeChanges) -> Result<Self, InvalidCodePackage> {
        let mut files = self.0.clone();
        files.retain(|path, _| !changes.removed.contains(path));
        let written = changes.written.into_iter();
        files.extend(written.map(|(path, text)| (path, text.into())));
        Self::of(files)
    }

    /// The folder that all files are in, if there is one: who packs a folder and
    /// not its content gets such a package.
    pub fn only_folder(&self) -> Option<&str> {
        let folder = |path: &'_ String| path.find('/');
        let (first, _) = self.0.first_key_value()?;
        let folder_of_first = &first[..=folder(first)?];
        let mut paths = self.0.keys();
        paths
            .all(|path| path.starts_with(folder_of_first))
            .then(|| folder_of_first.trim_end_matches('/'))
    }
}

/// True for a path that a file of a package may have.
pub fn is_path(path: &str) -> bool {
    // Characters that turn the writing direction would show another path than there is.
    let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let allowed = |c: char| !c.is_control() && !matches!(c, '\\' | ':') && !turns(c);
    path.len() <= 255
        && path.chars().all(allowed)
        && path
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | ".."))
}

/// What an editor changed of a package, without the files that it left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChanges {
    /// The signature of the package that was changed.
    pub base: String,
    /// The text files that are new or have another text.
    pub written: BTreeMap<String, String>,
    /// The files that are gone.
    pub removed: BTreeSet<String>,
}

impl CodeChanges {
    /// True when nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty() && self.removed.is_empty()
    }

    /// Bytes of the texts.
    pub fn bytes(&self) -> usize {
        self.written.values().map(String::len).sum()
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
        for right in [
            "index.py",
            "src/index.py",
            "data/größe 1.txt",
            ".hidden",
            "node_modules/@scope/a+b (1)/[id].js",
            "...",
        ] {
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
            "a\nb",
            "./a",
            "C:/a",
            "a:stream",
            "a\u{202e}yp.b",
            &"x".repeat(256),
        ] {
            assert!(
                matches!(check(wrong), Err(InvalidCodePackage::Path(_))),
                "{wrong}"
            );
        }
    }

    fn package(files: &[(&str, &'static str)]) -> CodePackage {
        CodePackage::new(files.iter().copied()).unwrap()
    }

    #[test]
    fn a_file_cannot_also_be_a_folder() {
        assert_eq!(
            CodePackage::new([("a", ""), ("a/b", "")]),
            Err(InvalidCodePackage::FileAndFolder("a/b".to_owned()))
        );
    }

    #[test]
    fn a_package_has_a_file_and_is_not_too_large() {
        let none: [(&str, &str); 0] = [];
        assert_eq!(CodePackage::new(none), Err(InvalidCodePackage::Empty));
        let half = Bytes::from(vec![0; CodePackage::MAX_BYTES / 2]);
        assert!(CodePackage::new([("a", half.clone()), ("b", half.clone())]).is_ok());
        let more = [("a", half.clone()), ("b", half), ("c", "x".into())];
        assert_eq!(
            CodePackage::new(more),
            Err(InvalidCodePackage::Size(CodePackage::MAX_BYTES + 1))
        );
        let many = (0..=CodePackage::MAX_FILES).map(|n| (n.to_string(), ""));
        assert_eq!(
            CodePackage::new(many),
            Err(InvalidCodePackage::Count(CodePackage::MAX_FILES + 1))
        );
    }

    #[test]
    fn changes_leave_other_files_alone() {
        let changes = |written: &[(&str, &str)], removed: &[&str]| CodeChanges {
            base: String::new(),
            written: written
                .iter()
                .map(|(path, text)| (path.to_string(), text.to_string()))
                .collect(),
            removed: removed.iter().map(ToString::to_string).collect(),
        };
        let base = package(&[("a", "1"), ("b/c", "2")]);
        let check = |changes, files| assert_eq!(base.with(changes), Ok(package(files)));
        check(changes(&[], &[]), &[("a", "1"), ("b/c", "2")]);
        check(changes(&[("a", "3")], &["b/c"]), &[("a", "3")]);
        check(
            changes(&[("b", "4")], &["b/c", "no"]),
            &[("a", "1"), ("b", "4")],
        );
        check(changes(&[("a", "5")], &["a"]), &[("a", "5"), ("b/c", "2")]);
        assert_eq!(
            base.with(changes(&[("b", "")], &[])),
            Err(InvalidCodePackage::FileAndFolder("b/c".to_owned()))
        );
        assert_eq!(
            base.with(changes(&[], &["a", "b/c"])),
            Err(InvalidCodePackage::Empty)
        );
    }

    #[test]
    fn a_folder_that_was_packed_whole_is_found() {
        let check = |files| package(files).only_folder().map(str::to_owned);
        assert_eq!(
            check(&[("app/a", ""), ("app/b/c", "")]).as_deref(),
            Some("app")
        );
        assert_eq!(check(&[("app/a", ""), ("app2/b", "")]), None);
        assert_eq!(check(&[("app/a", ""), ("b", "")]), None);
        assert_eq!(check(&[("a", "")]), None);
    }
}
