//! Numbers as callers write them, compared exactly: a binary fraction could not tell ids of twenty
//! digits from each other, nor 0.1 from what is next to it.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::parsed::parsed_string;

/// A decimal number in a definition, written as in JSON (`-1.5e3`), of at most 64 characters. Two
/// are equal where they are written alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number(String, Amount);

/// A text that is no [`Number`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a decimal number of at most 64 characters, for example -1.5")]
pub struct InvalidNumber;

impl Number {
    /// Parses a number.
    pub fn parse(text: &str) -> Result<Self, InvalidNumber> {
        let amount = Amount::parse(text).filter(|_| text.len() <= 64);
        let amount = amount.ok_or(InvalidNumber)?;
        Ok(Self(text.to_owned(), amount))
    }

    pub(super) fn amount(&self) -> &Amount {
        &self.1
    }
}

parsed_string!(Number, InvalidNumber);

/// What a number amounts to, however it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Amount {
    /// -1, 0 or 1.
    sign: i8,
    /// Where the first digit stands: 1 for units, 2 for tens, 0 for tenths.
    place: i64,
    /// The digits, without zeros before and after them.
    digits: String,
}

impl Amount {
    /// Parses a number as JSON has it, with an exponent of at most nine digits. The work is bounded by
    /// the length of the text, whatever the exponent says.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (sign, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (-1, unsigned),
            None => (1, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, are_digits(fraction).then_some(fraction)?),
            None => (mantissa, ""),
        };
        if !are_digits(whole) || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let zeros_before = all.len() - digits.len();
        let digits = digits.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self {
                sign: 0,
                place: 0,
                digits,
            });
        }
        let place = i64::try_from(whole.len()).ok()? - i64::try_from(zeros_before).ok()?;
        Some(Self {
            sign,
            place: place + exponent,
            digits,
        })
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        // The first digit of either is no zero, so that of two with the same place the digits
        // are in the order of texts.
        let size = || (self.place, &self.digits).cmp(&(other.place, &other.digits));
        self.sign.cmp(&other.sign).then_with(|| match self.sign {
            -1 => size().reverse(),
            _ => size(),
        })
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn parse_exponent(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let significant = digits.trim_start_matches('0');
    if !are_digits(digits) || significant.len() > 9 {
        return None;
    }
    match significant {
        "" => Some(0),
        significant => significant
            .parse()
            .ok()
            .map(|exponent: i64| sign * exponent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_written_as_in_json() {
        for right in [
            "0",
            "-0",
            "7",
            "-1.50",
            "0.1e+05",
            "1E-2",
            "10",
            "1e000000000000",
        ] {
            assert!(Amount::parse(right).is_some(), "{right}");
        }
        for wrong in [
            "",
            " ",
            "-",
            "+1",
            "1 ",
            " 1",
            "01",
            "-01",
            ".5",
            "5.",
            "1.",
            "1e",
            "1e+",
            "e5",
            "0x10",
            "1_000",
            "1,5",
            "NaN",
            "inf",
            "-inf",
            "Infinity",
            "--1",
            "1.2.3",
            "1e1.5",
            "1e1234567890",
            "١",
            "１",
            "1\u{0}",
        ] {
            assert_eq!(Amount::parse(wrong), None, "{wrong:?}");
        }
        assert!(Number::parse(&"1".repeat(64)).is_ok());
        assert_eq!(Number::parse(&"1".repeat(65)), Err(InvalidNumber));
    }

    #[test]
    fn numbers_are_compared_as_what_they_amount_to() {
        let check = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|text| Amount::parse(text).unwrap());
            assert_eq!(one.cmp(&other), other.cmp(&one).reverse());
            one.cmp(&other)
        };
        for (one, other) in [
            ("0", "-0.0e9"),
            ("1", "1.00"),
            ("100", "1e2"),
            ("-0.05", "-5E-2"),
            ("1e-000000002", "0.01"),
        ] {
            assert_eq!(check(one, other), Ordering::Equal, "{one} {other}");
        }
        for (less, more) in [
            ("-1", "0"),
            ("0", "1e-999999999"),
            ("9", "10"),
            ("-10", "-9"),
            ("0.1", "0.10000000000000000000000000001"),
            ("9007199254740992", "9007199254740993"),
            ("1e999999998", "1e999999999"),
            ("-1e999999999", "-1e999999998"),
        ] {
            assert_eq!(check(less, more), Ordering::Less, "{less} {more}");
        }
    }

    proptest! {
        /// The same as whole numbers of thousandths, which need no exponent.
        #[test]
        fn the_order_is_that_of_whole_numbers(
            one in -2_000_000_i64..2_000_000, other in -2_000_000_i64..2_000_000, exponent in -9_i64..9,
        ) {
            let written = |thousandths: i64, exponent: i64| {
                let (whole, rest) = (thousandths.abs() / 1000, thousandths.abs() % 1000);
                let sign = if thousandths < 0 { "-" } else { "" };
                Amount::parse(&format!("{sign}{whole}.{rest:03}e{exponent}")).unwrap()
            };
            prop_assert_eq!(written(one, exponent).cmp(&written(other, exponent)), one.cmp(&other));
            // 1.000e1 is 10.000e0.
            prop_assert_eq!(written(one, exponent), written(one * 10, exponent - 1));
        }

        /// The same texts as serde's where it keeps no number, so that none is too large for it.
        #[test]
        fn what_is_a_number_json_says(text in "[-+0-9.eE]{0,8}") {
            let is_number = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(Amount::parse(&text).is_some(), is_number, "{}", text);
        }
    }
}
