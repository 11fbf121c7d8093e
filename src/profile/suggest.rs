//! "Did you mean": the known word that a mistyped one is closest to.

use std::str::FromStr;

/// The closest of the known words, if it is close enough to be what was meant.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = simplify(word);
    let distance = |candidate: &&str| strsim::damerau_levenshtein(&wanted, &simplify(candidate));
    let known: Vec<&str> = known.into_iter().collect();
    let best = known.iter().copied().min_by_key(distance)?;
    (distance(&best) <= tolerance(&wanted)).then_some(best).or_else(|| by_synonym(&wanted, &known))
}

/// Words that other tools use, each with the profile's.
const SYNONYMS: [(&str, &str); 13] = [
    ("environment", "env"),
    ("repos", "repositories"),
    ("annotations", "metadata"),
    ("certificateAuthorityData", "caData"),
    ("targetRevision", "revision"),
    ("repoURL", "url"),
    ("extraPortMappings", "ports"),
    ("extraMounts", "mounts"),
    ("hostPort", "host"),
    ("hostPath", "host"),
    ("containerPort", "node"),
    ("containerPath", "node"),
    ("listenAddress", "address"),
];

fn by_synonym<'a>(wanted: &str, known: &[&'a str]) -> Option<&'a str> {
    let is_meant = |synonym: &str| {
        let synonym = simplify(synonym);
        strsim::damerau_levenshtein(wanted, &synonym) <= tolerance(&synonym)
    };
    let (_, word) = SYNONYMS.iter().find(|(synonym, _)| is_meant(synonym))?;
    known.iter().copied().find(|known| known == word)
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
    let keep = |lower: bool, filler: &'static str, longest: usize| -> String {
        let cased = if lower { text.trim().to_ascii_lowercase() } else { text.trim().to_owned() };
        let filled = cased.replace(|c: char| !c.is_ascii_alphanumeric() && !"-_./".contains(c), filler);
        let short: String = filled.chars().take(longest).collect();
        short.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
    };
    let dashes = keep(true, "-", 63).replace(['_', '.', '/'], "-");
    // 56 is what `enable_` leaves of a label's 63 characters, and 49 what `-control-plane` leaves of a host name's.
    let short = [keep(false, "-", 56), keep(true, "-", 49)];
    let whole = [keep(false, "-", 63), keep(true, "-", 63), dashes];
    let mut candidates = whole.into_iter().chain(short).chain([keep(true, "", 63)]);
    let valid = candidates.find(|name| !name.is_empty() && name.parse::<T>().is_ok());
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
            ("enviroment", Some("env")),
            ("xyz", None),
        ] {
            assert_eq!(closest(word, known), expected, "{word}");
        }
    }
}
