//! Aliases of functions: a name for a version, which can be given to another one while callers keep
//! the name, and can send a part of the calls to a second version. Source: console, tab Aliases.

use serde::{Deserialize, Serialize};

use crate::parsed::{named_enum, parsed_string};
use crate::text::Description;
use crate::time::Timestamp;
use crate::version::{VersionName, VersionRef};

/// Most aliases of a function. Source: quotas, `FSS.1043`.
pub const MAX_ALIASES: usize = 10;

/// Most rules by which calls are sent to an additional version: each costs a comparison per call.
pub const MAX_SHIFT_RULES: usize = 10;

/// Name of an alias: 1 to 63 characters; a letter first, a letter or digit last; letters, digits,
/// hyphens and underscores. Source: **Create Alias**, `FSS.1014`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AliasName(String);

/// Why a text is not an [`AliasName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAliasName {
    /// It has none, or more than 63 characters.
    #[error("must have 1 to 63 characters, has {0}")]
    Length(usize),
    /// It starts with something other than a letter.
    #[error("must start with a letter")]
    Start,
    /// It ends with a hyphen or an underscore.
    #[error("must end with a letter or digit")]
    End,
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits, hyphens and underscores, not {0:?}")]
    Character(char),
}

impl AliasName {
    /// Most characters a name may have.
    pub const MAX_CHARS: usize = 63;

    /// Parses the name of an alias.
    pub fn parse(text: &str) -> Result<Self, InvalidAliasName> {
        use InvalidAliasName as Invalid;
        let chars = text.chars().count();
        if !(1..=Self::MAX_CHARS).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Invalid::Start);
        }
        if let Some(c) = text
            .chars()
            .find(|&c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
        {
            return Err(Invalid::Character(c));
        }
        if !text.ends_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(Invalid::End);
        }
        Ok(Self(text.to_owned()))
    }
}

parsed_string!(AliasName, InvalidAliasName);

/// An alias.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// Its name; it cannot be changed later.
    pub name: AliasName,
    /// What it calls.
    pub target: AliasTarget,
    /// What was said of it.
    pub description: Description,
    /// When it was last changed.
    pub modified_at: Timestamp,
}

/// What an alias calls: a version, and perhaps for a part of the calls an additional one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AliasTargetFields", into = "AliasTargetFields")]
pub struct AliasTarget(AliasTargetFields);

/// The fields of an [`AliasTarget`], which are right by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasTargetFields {
    /// What is called.
    pub version: VersionRef,
    /// **Traffic Shifting**: which calls go elsewhere, if any do.
    #[serde(default)]
    pub shifting: Option<Shifting>,
}

/// The additional version is the version itself. Source: `FSS.1093`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the version and the additional version must not be the same")]
pub struct SameVersion;

impl AliasTarget {
    /// Its fields.
    pub fn fields(&self) -> &AliasTargetFields {
        &self.0
    }
}

impl TryFrom<AliasTargetFields> for AliasTarget {
    type Error = SameVersion;

    fn try_from(fields: AliasTargetFields) -> Result<Self, SameVersion> {
        let additional = fields.shifting.as_ref().map(|it| &it.additional_version);
        match &fields.version {
            VersionRef::Published(version) if additional == Some(version) => Err(SameVersion),
            _ => Ok(Self(fields)),
        }
    }
}

impl From<AliasTarget> for AliasTargetFields {
    fn from(target: AliasTarget) -> Self {
        target.0
    }
}

/// Which calls of an alias go to an additional version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shifting {
    /// The version that gets them; it is a published one.
    pub additional_version: VersionName,
    /// Which they are.
    pub by: ShiftBy,
}

/// How the calls for an additional version are chosen. Source: **Shift By**.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShiftBy {
    /// So many of a hundred, evenly among the others.
    Percentage(Percentage),
    /// Those that meet rules.
    Rules(ShiftRules),
}

/// A part of the calls: 0 to 100 percent. Source: **Weight**, `FSS.1092`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Percentage(u32);

/// A number of percent out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 0 to 100 %, not {0}")]
pub struct InvalidPercentage(pub u32);

impl Percentage {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Percentage {
    type Error = InvalidPercentage;

    fn try_from(percent: u32) -> Result<Self, InvalidPercentage> {
        match percent {
            0..=100 => Ok(Self(percent)),
            _ => Err(InvalidPercentage(percent)),
        }
    }
}

impl From<Percentage> for u32 {
    fn from(percentage: Percentage) -> Self {
        percentage.0
    }
}

named_enum! {
    /// How many of the rules a call has to meet. Source: **Rule Type**, `combine_type`.
    pub enum CombineRules ("the rule type") {
        /// Every one.
        All = "and", "All rules met";
        /// At least one.
        Any = "or", "Any rule met";
    }
}

named_enum! {
    /// How a header is compared. Source: **Operator**, `op`.
    pub enum ShiftOperator ("the operator") {
        /// It is the value.
        Equal = "=", "=";
        /// It is one of the values, which commas separate.
        In = "in", "in";
    }
}

/// Rules of an alias, and how many of them a call has to meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftRules {
    /// How many it has to meet.
    pub combine: CombineRules,
    /// The rules. Without one no call goes to the additional version.
    pub rules: RuleList,
}

/// At most [`MAX_SHIFT_RULES`] rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ShiftRule>", into = "Vec<ShiftRule>")]
pub struct RuleList(Vec<ShiftRule>);

/// There are more rules than may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {MAX_SHIFT_RULES} rules, are {0}")]
pub struct TooManyRules(pub usize);

impl RuleList {
    /// The rules in their order.
    pub fn iter(&self) -> impl Iterator<Item = &ShiftRule> {
        self.0.iter()
    }
}

impl TryFrom<Vec<ShiftRule>> for RuleList {
    type Error = TooManyRules;

    fn try_from(rules: Vec<ShiftRule>) -> Result<Self, TooManyRules> {
        match rules.len() {
            0..=MAX_SHIFT_RULES => Ok(Self(rules)),
            count => Err(TooManyRules(count)),
        }
    }
}

impl From<RuleList> for Vec<ShiftRule> {
    fn from(rules: RuleList) -> Self {
        rules.0
    }
}

/// A rule of an alias: what a header of the request has to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftRule {
    /// The header.
    pub header: RuleHeader,
    /// How it is compared.
    pub operator: ShiftOperator,
    /// What it is compared with.
    pub value: RuleValue,
}

/// Name of a header in a rule: 1 to 64 letters, digits, `-` and `_`, without regard to letter case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleHeader(String);

/// Why a text is not a [`RuleHeader`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRuleHeader {
    /// It has none, or more than 64 characters.
    #[error("must have 1 to 64 characters, has {0}")]
    Length(usize),
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits, hyphens and underscores, not {0:?}")]
    Character(char),
}

impl RuleHeader {
    /// Parses the name of a header; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, InvalidRuleHeader> {
        let text = text.trim();
        let chars = text.chars().count();
        if !(1..=64).contains(&chars) {
            return Err(InvalidRuleHeader::Length(chars));
        }
        let is_right = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        match text.chars().find(|c| !is_right(c)) {
            Some(c) => Err(InvalidRuleHeader::Character(c)),
            None => Ok(Self(text.to_owned())),
        }
    }
}

parsed_string!(RuleHeader, InvalidRuleHeader);

/// What a header is compared with: 1 to 255 printable characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleValue(String);

/// Why a text is not a [`RuleValue`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRuleValue {
    /// It has none, or more than 255 characters.
    #[error("must have 1 to 255 characters, has {0}")]
    Length(usize),
    /// It has a control character.
    #[error("must not contain control characters")]
    Control,
}

impl RuleValue {
    /// Parses a value; white space around it is dropped, as it is around the header's.
    pub fn parse(text: &str) -> Result<Self, InvalidRuleValue> {
        let text = text.trim();
        let chars = text.chars().count();
        if !(1..=255).contains(&chars) {
            return Err(InvalidRuleValue::Length(chars));
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidRuleValue::Control);
        }
        Ok(Self(text.to_owned()))
    }
}

parsed_string!(RuleValue, InvalidRuleValue);

impl ShiftRules {
    /// Whether a call goes to the additional version. `headers` gives the values of a header, of
    /// which one has to fit.
    pub fn are_met<'a, I>(&self, headers: impl Fn(&str) -> I) -> bool
    where
        I: IntoIterator<Item = &'a str>,
    {
        let is_met = |rule: &ShiftRule| {
            let mut values = headers(rule.header.as_str()).into_iter();
            values.any(|value| rule.is_met_by(value))
        };
        let mut rules = self.rules.iter();
        match self.combine {
            // No rule is no reason to send all calls elsewhere.
            CombineRules::All => !self.rules.0.is_empty() && rules.all(is_met),
            CombineRules::Any => rules.any(is_met),
        }
    }
}

impl ShiftRule {
    /// Whether this value of the header fits. White space around values means nothing.
    fn is_met_by(&self, value: &str) -> bool {
        let (value, wanted) = (value.trim(), self.value.as_str());
        match self.operator {
            ShiftOperator::Equal => value == wanted,
            ShiftOperator::In => {
                let mut wanted = wanted.split(',').map(str::trim);
                !value.is_empty() && wanted.any(|wanted| value == wanted)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_name_follows_the_dialogs_rule() {
        use InvalidAliasName::*;
        for right in ["a", "prod", "A-1_b", &"a".repeat(63)] {
            assert!(AliasName::parse(right).is_ok(), "{right}");
        }
        for (wrong, why) in [
            ("", Length(0)),
            (&*"a".repeat(64), Length(64)),
            ("1a", Start),
            ("a-", End),
            ("a.b", Character('.')),
        ] {
            assert_eq!(AliasName::parse(wrong), Err(why), "{wrong}");
        }
    }

    #[test]
    fn an_additional_version_is_another_one() {
        let check = |version: &str, additional: &str| {
            let shifting = Shifting {
                additional_version: additional.parse().unwrap(),
                by: ShiftBy::Percentage(50.try_into().unwrap()),
            };
            let fields = AliasTargetFields {
                version: version.parse().unwrap(),
                shifting: Some(shifting),
            };
            AliasTarget::try_from(fields).is_ok()
        };
        assert!(check("v1", "v2") && check("latest", "v2"));
        assert!(!check("v1", "v1"));
    }

    /// Rules written as `all; x-stage = canary`, which headers written as `x-stage: canary` meet or not.
    fn check(rules: &str, headers: &[&str]) -> bool {
        let mut parts = rules.split(';').map(str::trim);
        let combine = match parts.next() {
            Some("all") => CombineRules::All,
            _ => CombineRules::Any,
        };
        let rule = |text: &str| {
            let words: Vec<_> = text.splitn(3, ' ').collect();
            ShiftRule {
                header: words[0].parse().unwrap(),
                operator: words[1].parse().unwrap(),
                value: words[2].parse().unwrap(),
            }
        };
        let rules: Vec<_> = parts.map(rule).collect();
        let rules = ShiftRules {
            combine,
            rules: rules.try_into().unwrap(),
        };
        let headers: Vec<_> = headers
            .iter()
            .map(|it| it.split_once(':').unwrap())
            .collect();
        rules.are_met(|name| {
            let of_name = headers
                .iter()
                .filter(|(it, _)| it.eq_ignore_ascii_case(name));
            of_name.map(|(_, value)| *value).collect::<Vec<_>>()
        })
    }

    #[test]
    fn calls_meet_rules_by_their_headers() {
        for (rules, headers, expected) in [
            ("all", &[][..], false),
            ("any", &["a: 1"], false),
            ("all; a = 1", &["A:  1 "], true),
            ("all; a = 1", &["a: 12"], false),
            ("all; a = 1", &[], false),
            ("all; a = 1; b = 2", &["a: 1"], false),
            ("all; a = 1; b = 2", &["a: 1", "b: 2"], true),
            ("any; a = 1; b = 2", &["b: 2"], true),
            ("any; a = 1; b = 2", &["a: 2", "b: 1"], false),
            ("all; a in x, y ,,z", &["a: y"], true),
            ("all; a in x, y ,,z", &["a:  "], false),
            ("all; a in x,y", &["a: x,y"], false),
            ("all; a = x,y", &["a: x,y"], true),
            ("all; a = X", &["a: x"], false),
            ("all; a = 2", &["a: 1", "a: 2"], true),
        ] {
            assert_eq!(check(rules, headers), expected, "{rules} {headers:?}");
        }
    }
}
