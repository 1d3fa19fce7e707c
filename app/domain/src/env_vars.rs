//! Environment variables of a function, some of which are told to nobody but the function.

use serde::{Deserialize, Serialize};

/// Environment variables of a function: at most 20, together at most 4096
/// characters; keys start with a letter and have letters, digits, `_`, `-` and
/// `.`; names of the platform's own are reserved. Source: `FSS.1017`, `FSS.1018`.
///
/// What is serialized has the keys of encrypted variables and none of their values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<EnvVar>", into = "Vec<EnvVar>")]
pub struct EnvVars(Vec<EnvVar>);

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvVar {
    /// Its name.
    pub key: String,
    /// What the function reads.
    pub value: EnvValue,
}

/// The value of a variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnvValue {
    /// Whoever may see the function may see it.
    Plain(String),
    /// It is stored encrypted, and only the function gets it.
    Encrypted(Secret),
}

impl EnvValue {
    /// The value as the function gets it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Encrypted(Secret(text)) => text,
        }
    }
}

/// A text that is never serialized and never printed: what is read back is empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from being told.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Self(String::new()))
    }
}

/// What a variable is to be.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvVarChange {
    /// Its name.
    pub key: String,
    /// Its value; none keeps the one that is stored encrypted under this key.
    pub value: Option<String>,
    /// Whether it is told to nobody but the function.
    pub is_encrypted: bool,
}

impl std::fmt::Debug for EnvVarChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnvVarChange")
            .field("key", &self.key)
            .field("is_encrypted", &self.is_encrypted)
            .finish_non_exhaustive()
    }
}

/// Why variables are not [`EnvVars`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEnvVars {
    /// There are more than 20.
    #[error("must be at most 20 variables, are {0}")]
    Count(usize),
    /// Keys and values together are longer than 4096 characters.
    #[error("keys and values together must have at most 4096 characters, have {0}")]
    Size(usize),
    /// A key is empty or has a wrong character.
    #[error(
        "key {0:?} must start with a letter and contain only letters, digits, underscores, hyphens and dots"
    )]
    Key(String),
    /// A key belongs to the platform.
    #[error("key {0:?} is reserved for the platform")]
    Reserved(String),
    /// A key stands twice.
    #[error("key {0:?} is given twice")]
    Twice(String),
    /// A value has a NUL character, which no environment can hold.
    #[error("the value of {0:?} must not contain a NUL character")]
    Nul(String),
    /// The value is to stay as it is, but no encrypted one is stored.
    #[error("{0:?} needs a value: none is stored encrypted under this key")]
    NothingToKeep(String),
}

impl InvalidEnvVars {
    /// The code of the error, where there is one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Count(_) => "FSS.1017",
            Self::Size(_) => "FSS.1018",
            _ => "",
        }
    }
}

impl EnvVars {
    /// Most variables a function may have.
    pub const MAX_COUNT: usize = 20;
    /// Most characters of all keys and values together.
    pub const MAX_CHARS: usize = 4096;
    /// Names that the platform sets.
    pub const RESERVED: &'static [&'static str] = &[
        "RUNTIME_PROJECT_ID",
        "RUNTIME_FUNC_NAME",
        "RUNTIME_FUNC_VERSION",
        "RUNTIME_PACKAGE",
        "RUNTIME_HANDLER",
        "RUNTIME_TIMEOUT",
        "RUNTIME_USERDATA",
        "RUNTIME_CPU",
        "RUNTIME_MEMORY",
        "RUNTIME_MAX_RESP_BODY_SIZE",
        "RUNTIME_INITIALIZER_HANDLER",
        "RUNTIME_INITIALIZER_TIMEOUT",
        "RUNTIME_PRE_STOP_HANDLER",
        "RUNTIME_PRE_STOP_TIMEOUT",
        "RUNTIME_ROOT",
        "RUNTIME_CODE_ROOT",
        "RUNTIME_LOG_DIR",
        "RUNTIME_API_ADDR",
    ];

    /// Variables that anybody may see.
    pub fn plain<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Result<Self, InvalidEnvVars>
    where
        K: Into<String>,
        V: Into<String>,
    {
        let plain = pairs.into_iter().map(|(key, value)| EnvVar {
            key: key.into(),
            value: EnvValue::Plain(value.into()),
        });
        plain.collect::<Vec<_>>().try_into()
    }

    /// What these become by `changes`, which name all that are to be.
    pub fn changed(&self, changes: Vec<EnvVarChange>) -> Result<Self, InvalidEnvVars> {
        let changed = changes.into_iter().map(|change| {
            let key = change.key;
            let value = match (change.value, change.is_encrypted) {
                (Some(text), true) => EnvValue::Encrypted(Secret(text)),
                (Some(text), false) => EnvValue::Plain(text),
                (None, true) => match self.find(&key) {
                    Some(kept @ EnvValue::Encrypted(_)) => kept.clone(),
                    _ => return Err(InvalidEnvVars::NothingToKeep(key)),
                },
                (None, false) => return Err(InvalidEnvVars::NothingToKeep(key)),
            };
            Ok(EnvVar { key, value })
        });
        changed.collect::<Result<Vec<_>, _>>()?.try_into()
    }

    /// The variables in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &EnvVar> {
        self.0.iter()
    }

    /// True when the value of one is encrypted.
    pub fn has_any_encrypted(&self) -> bool {
        let mut all = self.iter();
        all.any(|one| matches!(one.value, EnvValue::Encrypted(_)))
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the variable of this name is encrypted.
    pub fn has_encrypted(&self, key: &str) -> bool {
        matches!(self.find(key), Some(EnvValue::Encrypted(_)))
    }

    fn find(&self, key: &str) -> Option<&EnvValue> {
        let mut all = self.0.iter();
        all.find(|one| one.key == key).map(|one| &one.value)
    }
}

impl TryFrom<Vec<EnvVar>> for EnvVars {
    type Error = InvalidEnvVars;

    fn try_from(all: Vec<EnvVar>) -> Result<Self, InvalidEnvVars> {
        use InvalidEnvVars as Invalid;
        if all.len() > Self::MAX_COUNT {
            return Err(Invalid::Count(all.len()));
        }
        for (position, EnvVar { key, value }) in all.iter().enumerate() {
            let right = key.starts_with(|c: char| c.is_ascii_alphabetic())
                && key
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
            if !right {
                return Err(Invalid::Key(key.chars().take(64).collect()));
            }
            if Self::RESERVED.contains(&key.as_str()) {
                return Err(Invalid::Reserved(key.clone()));
            }
            if all[..position].iter().any(|earlier| earlier.key == *key) {
                return Err(Invalid::Twice(key.clone()));
            }
            if value.as_str().contains('\0') {
                return Err(Invalid::Nul(key.clone()));
            }
        }
        let chars = |one: &EnvVar| one.key.chars().count() + one.value.as_str().chars().count();
        let chars = all.iter().map(chars).sum();
        if chars > Self::MAX_CHARS {
            return Err(Invalid::Size(chars));
        }
        Ok(Self(all))
    }
}

impl From<EnvVars> for Vec<EnvVar> {
    fn from(env_vars: EnvVars) -> Self {
        env_vars.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_variables_keep_within_their_limits() {
        use InvalidEnvVars as Invalid;
        let check = |pairs: &[(&str, &str)]| EnvVars::plain(pairs.iter().copied()).err();
        let long = "x".repeat(4096);
        let many: Vec<String> = (0..21).map(|i| format!("k{i}")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|key| (key.as_str(), "")).collect();
        assert_eq!(check(&[("A", ""), ("b.c-d_1", "x")]), None);
        assert_eq!(check(&[("1a", "")]), Some(Invalid::Key("1a".into())));
        assert_eq!(check(&[("", "")]), Some(Invalid::Key(String::new())));
        assert_eq!(
            check(&[("A", "1"), ("A", "2")]),
            Some(Invalid::Twice("A".into()))
        );
        assert_eq!(
            check(&[("RUNTIME_CPU", "1")]),
            Some(Invalid::Reserved("RUNTIME_CPU".into()))
        );
        assert_eq!(check(&[("A", &long)]), Some(Invalid::Size(4097)));
        assert_eq!(check(&[("A", "\0")]), Some(Invalid::Nul("A".into())));
        assert_eq!(check(&many), Some(Invalid::Count(21)));
    }

    fn change(key: &str, value: Option<&str>, is_encrypted: bool) -> EnvVarChange {
        EnvVarChange {
            key: key.to_owned(),
            value: value.map(str::to_owned),
            is_encrypted,
        }
    }

    #[test]
    fn an_encrypted_value_is_kept_until_another_one_is_given() {
        let first = EnvVars::default()
            .changed(vec![
                change("A", Some("1"), true),
                change("B", Some("2"), false),
            ])
            .unwrap();
        let values = |changes| {
            let changed = first.changed(changes)?;
            let pairs = changed.iter().map(|one| {
                let hidden = matches!(one.value, EnvValue::Encrypted(_));
                format!(
                    "{}={}{}",
                    one.key,
                    one.value.as_str(),
                    if hidden { "!" } else { "" }
                )
            });
            Ok(pairs.collect::<Vec<_>>().join(" "))
        };
        let check = |changes, expected: Result<&str, InvalidEnvVars>| {
            assert_eq!(values(changes), expected.map(str::to_owned));
        };
        let nothing = |key: &str| Err(InvalidEnvVars::NothingToKeep(key.to_owned()));
        check(vec![change("A", None, true)], Ok("A=1!"));
        check(vec![change("A", Some("3"), true)], Ok("A=3!"));
        check(vec![change("A", Some(""), false)], Ok("A="));
        check(vec![change("B", Some("2"), true)], Ok("B=2!"));
        // Nobody learns a value by asking for it in plain text, or under another name.
        check(vec![change("A", None, false)], nothing("A"));
        check(vec![change("C", None, true)], nothing("C"));
        check(vec![change("B", None, true)], nothing("B"));
    }

    #[test]
    fn an_encrypted_value_is_never_told() {
        let env_vars = EnvVars::default()
            .changed(vec![
                change("A", Some("hidden"), true),
                change("B", Some("2"), false),
            ])
            .unwrap();
        let json = serde_json::to_string(&env_vars).unwrap();
        assert_eq!(
            json,
            r#"[{"key":"A","value":{"Encrypted":null}},{"key":"B","value":{"Plain":"2"}}]"#
        );
        let shown: EnvVars = serde_json::from_str(&json).unwrap();
        assert!(shown.has_encrypted("A") && !shown.has_encrypted("B"));
        let debugged = format!("{env_vars:?} {:?}", change("A", Some("hidden"), true));
        assert!(!debugged.contains("hidden"), "{debugged}");
    }
}
