//! Argo CD's glob patterns, as far as a profile can be judged by them: `*` is any text, `?` any character.

/// Whether the pattern matches the whole text. `*` also matches separators, which only errs towards "matches".
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stood, and what it has swallowed so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((at, swallowed)) = star {
            star = Some((at, swallowed + 1));
            (p, t) = (at + 1, swallowed + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether the pattern has parts that only Argo CD itself can judge, such as `{a,b}`.
pub(super) fn is_beyond(pattern: &str) -> bool {
    pattern.contains(['{', '[', '\\'])
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_a_whole() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("team-*", "team-a", true),
            ("team-?", "team-ab", false),
            ("*-dev", "spoke-dev", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b", "a-c", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
