//! The files of the Code tab, as they are deployed and as they are edited.

use std::collections::BTreeMap;

use sluice_domain::code::{CodeChanges, CodePackage, InvalidCodePackage};

use super::FileView;

pub(super) type Files = BTreeMap<String, FileView>;

/// What was edited: the way from `deployed`, whose signature is `base`, to `files`.
pub(super) fn changes(base: &str, deployed: &Files, files: &Files) -> CodeChanges {
    let written = files
        .iter()
        .filter(|(path, file)| deployed.get(*path) != Some(*file));
    let written = written.filter_map(|(path, file)| match file {
        FileView::Text(text) => Some((path.clone(), text.clone())),
        // Nobody can write these here.
        FileView::Binary { .. } | FileView::Large { .. } => None,
    });
    let removed = deployed.keys().filter(|path| !files.contains_key(*path));
    CodeChanges {
        base: base.to_owned(),
        written: written.collect(),
        removed: removed.cloned().collect(),
    }
}

/// The files after a draft's changes, whatever they were made to.
pub(super) fn with(deployed: &Files, draft: CodeChanges) -> Files {
    let mut files = deployed.clone();
    files.retain(|path, _| !draft.removed.contains(path));
    let written = draft.written.into_iter();
    files.extend(written.map(|(path, text)| (path, FileView::Text(text))));
    files
}

/// Says whether the files make a package.
pub(super) fn check(files: &Files) -> Result<(), InvalidCodePackage> {
    CodePackage::check(files, |file| {
        usize::try_from(file.bytes()).unwrap_or(usize::MAX)
    })
}

impl FileView {
    /// Its size.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Binary { bytes } | Self::Large { bytes } => *bytes,
        }
    }

    /// Its text, where it can be edited.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary { .. } | Self::Large { .. } => None,
        }
    }
}

/// Bytes as the console shows a size: `286.00 B`, `1.42 KB`.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes}.00 B"),
        1024..1_048_576 => format!("{:.2} KB", bytes as f64 / 1024.0),
        _ => format!("{:.2} MB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(texts: &[(&str, &str)]) -> Files {
        let text =
            |(path, text): &(&str, &str)| (path.to_string(), FileView::Text(text.to_string()));
        let mut files: Files = texts.iter().map(text).collect();
        files.insert("logo.png".to_owned(), FileView::Binary { bytes: 5 });
        files
    }

    #[test]
    fn changes_lead_from_what_is_deployed_to_what_was_edited() {
        let deployed = files(&[("a", "1"), ("b", "2")]);
        for edited in [
            files(&[("a", "1"), ("b", "2")]),
            files(&[("a", "3"), ("c", "")]),
            files(&[]),
            Files::from([("logo.png".to_owned(), FileView::Text("drawn".to_owned()))]),
        ] {
            let changes = changes("signature", &deployed, &edited);
            assert_eq!(changes.base, "signature");
            assert_eq!(changes.is_empty(), edited == deployed);
            assert_eq!(with(&deployed, changes), edited);
        }
    }

    #[test]
    fn what_was_not_changed_is_not_sent() {
        let deployed = files(&[("a", "1"), ("b", "2")]);
        let changes = changes("", &deployed, &files(&[("a", "3"), ("b", "2")]));
        assert_eq!(changes.written.into_keys().collect::<Vec<_>>(), ["a"]);
        assert!(changes.removed.is_empty());
    }
}
