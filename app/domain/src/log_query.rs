//! The keyword search of Monitoring > Logs: words, `*` as a wildcard,
//! `"a phrase"`, `&&` and `||`. Case does not matter. `&&` binds more tightly
//! than `||`; words side by side all have to be there.

/// A parsed keyword search: any of the groups, all terms of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    any: Vec<Vec<Term>>,
}

/// A text with wildcards: the pieces between the `*`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term(Vec<String>);

/// Why a text is not a [`LogQuery`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLogQuery {
    /// It is too long.
    #[error("must have at most 256 characters, has {0}")]
    Length(usize),
    /// A quotation mark has no partner.
    #[error("must close the quotation mark")]
    Quote,
    /// `&&` or `||` has nothing on one side.
    #[error("must have a word on both sides of && and ||")]
    Operand,
}

impl LogQuery {
    /// Most characters a search may have.
    pub const MAX_CHARS: usize = 256;

    /// Parses a search; an empty one matches every line.
    pub fn parse(text: &str) -> Result<Self, InvalidLogQuery> {
        use InvalidLogQuery as Invalid;
        let chars = text.chars().count();
        if chars > Self::MAX_CHARS {
            return Err(Invalid::Length(chars));
        }
        let mut any = vec![Vec::new()];
        let mut operand_wanted = false;
        let mut rest = text.trim();
        while !rest.is_empty() {
            let operator = rest.get(..2).filter(|o| matches!(*o, "&&" | "||"));
            if let Some(operator) = operator {
                if operand_wanted || any.last().is_none_or(Vec::is_empty) {
                    return Err(Invalid::Operand);
                }
                operand_wanted = true;
                if operator == "||" {
                    any.push(Vec::new());
                }
                rest = &rest[2..];
            } else if let Some(quoted) = rest.strip_prefix('"') {
                let (phrase, after) = quoted.split_once('"').ok_or(Invalid::Quote)?;
                push(&mut any, Term(vec![phrase.to_lowercase()]));
                operand_wanted = false;
                rest = after;
            } else {
                let end = rest
                    .find(|c: char| c.is_whitespace() || c == '"')
                    .unwrap_or(rest.len());
                let end = ["&&", "||"]
                    .iter()
                    .filter_map(|o| rest.find(o))
                    .fold(end, usize::min);
                push(
                    &mut any,
                    Term(rest[..end].split('*').map(str::to_lowercase).collect()),
                );
                operand_wanted = false;
                rest = &rest[end..];
            }
            rest = rest.trim_start();
        }
        if operand_wanted {
            return Err(Invalid::Operand);
        }
        Ok(Self { any })
    }

    /// True when the search is empty, so that every line matches.
    pub fn is_empty(&self) -> bool {
        self.any.iter().all(Vec::is_empty)
    }

    /// True when `line` matches.
    pub fn matches(&self, line: &str) -> bool {
        let line = line.to_lowercase();
        self.any
            .iter()
            .any(|all| all.iter().all(|term| term.is_in(&line)))
    }
}

fn push(any: &mut [Vec<Term>], term: Term) {
    if let Some(all) = any.last_mut() {
        all.push(term);
    }
}

impl Term {
    fn is_in(&self, line: &str) -> bool {
        let mut rest = line;
        self.0.iter().all(|piece| match rest.find(piece.as_str()) {
            Some(at) => {
                rest = &rest[at + piece.len()..];
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_search_finds_what_it_says() {
        let check = |query: &str| {
            LogQuery::parse(query)
                .unwrap()
                .matches("Hello from Print 42")
        };
        for found in [
            "",
            "hello",
            "HEL",
            "h*print",
            "from print",
            "\"from print\"",
            "x || 42",
            "hello && 42",
            "x && y || hello",
            "hello&&from",
            "from\"print 42\"",
        ] {
            assert!(check(found), "{found}");
        }
        for missed in [
            "bye",
            "print*hello",
            "\"hello print\"",
            "hello && x",
            "x || y",
            "hello x",
        ] {
            assert!(!check(missed), "{missed}");
        }
    }

    #[test]
    fn a_search_that_is_not_whole_is_refused() {
        for wrong in ["&&", "a &&", "|| a", "a && || b"] {
            assert_eq!(
                LogQuery::parse(wrong),
                Err(InvalidLogQuery::Operand),
                "{wrong}"
            );
        }
        assert_eq!(LogQuery::parse("\"a"), Err(InvalidLogQuery::Quote));
        assert_eq!(
            LogQuery::parse(&"a".repeat(257)),
            Err(InvalidLogQuery::Length(257))
        );
    }

    proptest! {
        #[test]
        fn any_search_is_parsed_or_refused(text in "[a-z\"*&| ü]{0,30}", line in "\\PC{0,30}") {
            if let Ok(query) = LogQuery::parse(&text) {
                query.matches(&line);
            }
        }
    }
}
