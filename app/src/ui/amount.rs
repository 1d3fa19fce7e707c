//! Amounts as people read them.

/// A number with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in MB; what is less than a tenth of one shows as more than nothing.
pub(crate) fn megabytes(bytes: u64) -> String {
    const MB: u64 = 1024 * 1024;
    match bytes.saturating_mul(10).div_ceil(MB) {
        tenths if tenths < 100 => format!("{}.{} MB", tenths / 10, tenths % 10),
        _ => format!("{} MB", count(bytes / MB)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_can_be_read() {
        assert_eq!(
            [0, 12, 999, 1000, 1_234_567].map(count).join(" "),
            "0 12 999 1,000 1,234,567"
        );
        let mb = 1024 * 1024;
        let shown = [0, 1, mb / 2, 9 * mb, 256 * mb, 4096 * mb].map(megabytes);
        assert_eq!(
            shown.join(", "),
            "0.0 MB, 0.1 MB, 0.5 MB, 9.0 MB, 256 MB, 4,096 MB"
        );
    }
}
