//! "Did you mean": the known word that a mistyped one is closest to.

use std::str::FromStr;

/// The closest of the known words, if it is close enough to be what was meant.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = simplify(word);
    let distance = |candidate: &&str| strsim::damerau_levenshtein(&wanted, &simplify(candidate));
    let best = known.into_iter().min_by_key(distance)?;
    (distance(&best) <= tolerance(&wanted)).then_some(best)
}

/// "did you mean `x`?", or the list of all that is known.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(best) = closest(word, known.clone()) {
        return format!("did you mean `{best}`?");
    }
    let all: Vec<String> = known.into_iter().map(|name| format!("`{name}`")).collect();
    format!("known here: {}", all.join(", "))
}

/// Case, `-` and `_` are what people mistake most: `base_path` for `basePath`.
fn simplify(word: &str) -> String {
    // Nobody means a known word by a very long one, and the distance takes quadratic time.
    let short = word.chars().take(64);
    short.filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

fn tolerance(word: &str) -> usize {
    (word.chars().count() / 3).clamp(1, 3)
}

/// A fix that shows what the text would be if it kept the rule of the name.
pub(crate) fn valid_name<T: FromStr>(text: &str) -> String {
    let keep = |lower: bool, filler: &'static str| -> String {
        let cased = if lower { text.trim().to_ascii_lowercase() } else { text.trim().to_owned() };
        let filled = cased.replace(|c: char| !c.is_ascii_alphanumeric() && !"-_./".contains(c), filler);
        let short: String = filled.chars().take(63).collect();
        short.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
    };
    let candidates =
        [keep(false, "-"), keep(true, "-"), keep(true, "-").replace(['_', '.', '/'], "-"), keep(true, "")];
    let valid = candidates.into_iter().find(|name| !name.is_empty() && name.parse::<T>().is_ok());
    valid.map_or_else(|| "write one that keeps the rule".to_owned(), |name| format!("for example `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_slip_of_the_keyboard_is_understood() {
        let known = ["region", "env", "basePath", "teams"];
        for (word, expected) in [
            ("regoin", Some("region")),
            ("base_path", Some("basePath")),
            ("team", Some("teams")),
            ("enviroment", None),
            ("xyz", None),
        ] {
            assert_eq!(closest(word, known), expected, "{word}");
        }
    }
}
