//! JSON with line breaks, and nothing else changed: the order of its members, and its numbers, are
//! what a reader may be looking for.

/// The same JSON with line breaks; none for what is no JSON, or no object and no array.
pub(crate) fn pretty(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let mut shown = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let (mut in_string, mut is_escaped) = (false, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if in_string {
            shown.push(c);
            in_string = c != '"' || is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                shown.push(c);
            }
            '{' | '[' => {
                shown.push(c);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                match chars.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => shown.push(end),
                    None => {
                        depth += 1;
                        new_line(&mut shown, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut shown, depth);
                shown.push(c);
            }
            ',' => {
                shown.push(c);
                new_line(&mut shown, depth);
            }
            ':' => shown.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => shown.push(c),
        }
    }
    Some(shown)
}

fn new_line(shown: &mut String, depth: usize) {
    shown.push('\n');
    shown.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn json_gets_line_breaks_and_stays_as_it_is() {
        let text = r#" {"b":[1.0,1e999, 18446744073709551616,{ }],"a" : "x, {\"y\\\\\":[","c":[ ],"b":null}"#;
        assert_snapshot!(pretty(text).unwrap(), @r#"
        {
          "b": [
            1.0,
            1e999,
            18446744073709551616,
            {}
          ],
          "a": "x, {\"y\\\\\":[",
          "c": [],
          "b": null
        }
        "#);
    }

    #[test]
    fn what_is_no_json_is_left_alone() {
        for text in [
            "",
            "{",
            "[1,]",
            "<html>",
            "1",
            "\"a\"",
            "{} {}",
            &"[".repeat(9999),
        ] {
            assert_eq!(pretty(text), None, "{text}");
        }
    }
}
