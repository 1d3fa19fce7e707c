//! What the values of one parameter may be.

use super::number::{Amount, Number};
use super::{
    MAX_ENUMERATED, MAX_SIZE, ParameterType, RequestParameterFields, WrongField, is_value,
};

/// Most values that a refusal names; of more it tells how many there are.
const MAX_NAMED: usize = 10;

/// Why a request is refused for one of its parameters. Nothing in it is what the caller sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenRule {
    /// The request does not have it.
    #[error("is required")]
    Missing,
    /// It is no number.
    #[error("must be a decimal number")]
    NoNumber,
    /// It is a smaller number than allowed.
    #[error("must be at least {0}")]
    TooSmall(Number),
    /// It is a larger number than allowed.
    #[error("must be at most {0}")]
    TooLarge(Number),
    /// It has fewer characters than allowed.
    #[error("must have at least {0} characters")]
    TooShort(u32),
    /// It has more characters than allowed.
    #[error("must have at most {0} characters")]
    TooLong(u32),
    /// It is none of the values that are allowed.
    #[error("must be one of {}", .0.join(", "))]
    NotListed(Vec<String>),
    /// The same, where there are too many values to name them.
    #[error("must be one of the {0} values that are allowed")]
    NotAmongMany(usize),
}

/// The rule, ready to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ValueRule {
    /// The fewest and the most characters that a text may have.
    Text(Option<u32>, Option<u32>),
    /// What the numbers of the enumeration amount to; its bounds know it themselves.
    Number(Vec<Amount>),
}

impl ValueRule {
    /// The rule that fields say.
    pub(super) fn parse(fields: &RequestParameterFields) -> Result<Self, WrongField> {
        if let (Some(min), Some(max)) = (&fields.min, &fields.max)
            && max.amount() < min.amount()
        {
            return Err(WrongField::Bounds(min.clone()));
        }
        let rule = match fields.kind {
            ParameterType::String => Self::Text(
                size(fields.min.as_ref(), WrongField::MinSize)?,
                size(fields.max.as_ref(), WrongField::MaxSize)?,
            ),
            ParameterType::Number => {
                let amounts = fields.enumeration.iter();
                // One that is no number is told below.
                Self::Number(amounts.filter_map(|text| Amount::parse(text)).collect())
            }
        };
        let listed = &fields.enumeration;
        if listed.len() > MAX_ENUMERATED {
            return Err(WrongField::EnumerationCount(listed.len()));
        }
        for (at, value) in listed.iter().enumerate() {
            if !is_value(value) || value.contains(|c: char| c == ',' || c.is_control()) {
                let shown = value.chars().take(64).collect();
                return Err(WrongField::Enumerated(shown));
            }
            if listed[..at].contains(value) {
                return Err(WrongField::EnumeratedTwice(value.clone()));
            }
            rule.check(value, fields)
                .map_err(|broken| WrongField::EnumeratedBreaks(value.clone(), broken))?;
        }
        Ok(rule)
    }

    /// Checks a value; `fields` are those that the rule was made of.
    pub(super) fn check(
        &self,
        value: &str,
        fields: &RequestParameterFields,
    ) -> Result<(), BrokenRule> {
        let is_listed = match self {
            Self::Text(least, most) => {
                let chars = value.chars().count();
                let is_below = |limit: &u32| u32::try_from(chars).is_ok_and(|chars| chars < *limit);
                let is_above = |limit: &u32| u32::try_from(chars).map_or(true, |it| it > *limit);
                if let Some(least) = least.filter(is_below) {
                    return Err(BrokenRule::TooShort(least));
                }
                if let Some(most) = most.filter(is_above) {
                    return Err(BrokenRule::TooLong(most));
                }
                fields.enumeration.iter().any(|one| one == value)
            }
            Self::Number(enumeration) => {
                let amount = Amount::parse(value).ok_or(BrokenRule::NoNumber)?;
                if let Some(least) = fields.min.as_ref().filter(|it| amount < *it.amount()) {
                    return Err(BrokenRule::TooSmall(least.clone()));
                }
                if let Some(most) = fields.max.as_ref().filter(|it| amount > *it.amount()) {
                    return Err(BrokenRule::TooLarge(most.clone()));
                }
                enumeration.contains(&amount)
            }
        };
        match fields.enumeration.len() {
            0 => Ok(()),
            _ if is_listed => Ok(()),
            1..=MAX_NAMED => Err(BrokenRule::NotListed(fields.enumeration.clone())),
            count => Err(BrokenRule::NotAmongMany(count)),
        }
    }
}

/// A bound of a text's length.
fn size(bound: Option<&Number>, wrong: WrongField) -> Result<Option<u32>, WrongField> {
    let Some(bound) = bound else { return Ok(None) };
    match bound.as_str().parse() {
        Ok(size @ 0..=MAX_SIZE) => Ok(Some(size)),
        _ => Err(wrong),
    }
}
