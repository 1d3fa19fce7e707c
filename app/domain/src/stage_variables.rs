//! Environment variables of an API group: what is different in each environment that its APIs are
//! published in. (A function's variables are `env_vars`, not these.) Source: APIG user guide,
//! "Creating an Environment Variable".

use serde::{Deserialize, Serialize};

/// The variables of an API group in one environment, by name: at most 50, each name once.
/// Source: APIG quotas.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<StageVariable>", into = "Vec<StageVariable>")]
pub struct StageVariables(Vec<StageVariable>);

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageVariable {
    /// Its name: 3 to 32 characters, a letter first, then letters, digits, hyphens and underscores.
    /// Letters match in their own case only.
    pub name: String,
    /// Its value: 1 to 255 letters, digits and `_-/.:`.
    pub value: String,
}

/// Why variables are not [`StageVariables`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStageVariables {
    /// There are more than 50.
    #[error("must be at most 50 variables, are {0}")]
    Count(usize),
    /// A name has a wrong length or character.
    #[error(
        "the name {0:?} must have 3 to 32 characters, a letter first: letters, digits, hyphens and underscores"
    )]
    Name(String),
    /// A name stands twice.
    #[error("{0} is given twice")]
    Twice(String),
    /// A value is empty, too long or has a wrong character.
    #[error("the value of {0} must have 1 to 255 characters: letters, digits and _ - / . :")]
    Value(String),
}

impl InvalidStageVariables {
    /// The code of the error. Source: APIG, management error codes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Count(_) => "APIG.3106",
            Self::Twice(_) => "APIG.3303",
            Self::Name(_) | Self::Value(_) => "APIG.2011",
        }
    }
}

/// True for what can be the name of a variable.
pub(crate) fn is_name(text: &str) -> bool {
    (3..=32).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn is_value(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-/.:".contains(c);
    (1..=255).contains(&text.len()) && text.chars().all(allowed)
}

impl StageVariables {
    /// Most variables of a group in an environment.
    pub const MAX_COUNT: usize = 50;

    /// The variables by their names.
    pub fn iter(&self) -> impl Iterator<Item = &StageVariable> {
        self.0.iter()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The value of the variable of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|one| one.name.as_str().cmp(name));
        at.ok().map(|at| self.0[at].value.as_str())
    }
}

impl TryFrom<Vec<StageVariable>> for StageVariables {
    type Error = InvalidStageVariables;

    fn try_from(mut all: Vec<StageVariable>) -> Result<Self, InvalidStageVariables> {
        use InvalidStageVariables as Invalid;
        if all.len() > Self::MAX_COUNT {
            return Err(Invalid::Count(all.len()));
        }
        for StageVariable { name, value } in &all {
            if !is_name(name) {
                return Err(Invalid::Name(name.chars().take(64).collect()));
            }
            if !is_value(value) {
                return Err(Invalid::Value(name.clone()));
            }
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        match all.windows(2).find(|two| two[0].name == two[1].name) {
            Some(two) => Err(Invalid::Twice(two[0].name.clone())),
            None => Ok(Self(all)),
        }
    }
}

impl From<StageVariables> for Vec<StageVariable> {
    fn from(variables: StageVariables) -> Self {
        variables.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    /// Variables written as `name=value`.
    fn parsed(pairs: &[&str]) -> Result<StageVariables, InvalidStageVariables> {
        let variable = |pair: &&str| {
            let (name, value) = pair.split_once('=').unwrap();
            StageVariable {
                name: name.to_owned(),
                value: value.to_owned(),
            }
        };
        pairs.iter().map(variable).collect::<Vec<_>>().try_into()
    }

    fn check(pairs: &[&str]) -> String {
        match parsed(pairs) {
            Ok(variables) => {
                let shown = variables
                    .iter()
                    .map(|it| format!("{}={}", it.name, it.value));
                shown.collect::<Vec<_>>().join(" ")
            }
            Err(error) => format!("! {} {error}", error.code()),
        }
    }

    #[test]
    fn variables_follow_their_rules() {
        assert_snapshot!(check(&[]), @"");
        assert_snapshot!(check(&["Path=/a/b", "Host=a-1.example:80", "a_-9=0"]), @"Host=a-1.example:80 Path=/a/b a_-9=0");
        // Names have their own case.
        assert_snapshot!(check(&["host=a", "Host=b"]), @"Host=b host=a");
        assert_snapshot!(check(&["host=a", "other=b", "host=c"]), @"! APIG.3303 host is given twice");
        let rule = "must have 3 to 32 characters, a letter first: letters, digits, hyphens and underscores";
        for wrong in ["ab", "1ab", "_ab", "a b", "a#b", "äbc", ""] {
            let refused = format!("! APIG.2011 the name {wrong:?} {rule}");
            assert_eq!(check(&[&format!("{wrong}=1")]), refused);
        }
        let (longest, too_long) = ("a".repeat(32), "a".repeat(33));
        assert_eq!(check(&[&format!("{longest}=1")]), format!("{longest}=1"));
        assert_eq!(
            check(&[&format!("{too_long}=1")]),
            format!("! APIG.2011 the name {too_long:?} {rule}")
        );
        for wrong in ["", "a b", "a\"", "a?b", "ä", &"a".repeat(256)] {
            let refused = "! APIG.2011 the value of name must have 1 to 255 characters: letters, digits and _ - / . :";
            assert_eq!(check(&[&format!("name={wrong}")]), refused);
        }
        assert!(parsed(&[&format!("name={}", "a".repeat(255))]).is_ok());
    }

    #[test]
    fn there_are_at_most_50_variables() {
        let pairs: Vec<_> = (0..51).map(|n| format!("name{n}={n}")).collect();
        let pairs: Vec<_> = pairs.iter().map(String::as_str).collect();
        assert!(parsed(&pairs[..50]).is_ok());
        assert_snapshot!(check(&pairs), @"! APIG.3106 must be at most 50 variables, are 51");
    }

    #[test]
    fn a_variable_is_found_by_its_name() {
        let variables = parsed(&["host=a", "Host=b", "port=1"]).unwrap();
        let found = ["Host", "host", "port", "path", ""].map(|name| variables.get(name));
        assert_eq!(found, [Some("b"), Some("a"), Some("1"), None, None]);
    }
}
