//! Stable codes of every finding and error, with the text that `bridge --explain CODE` prints.
//!
//! A code never changes its meaning and is never used again for another one. The table is split by the layer that
//! reports the code; numbers are grouped so that a reader can tell the layer from the number.

mod cluster;
mod kind;
mod profile;
mod source;
mod usage;

use std::fmt;
use std::str::FromStr;

/// One documented problem.
#[derive(Debug)]
pub struct Entry {
    /// Stable number, printed as `BRG3003`.
    pub number: u16,
    /// What is wrong, in a few words, without a full stop.
    pub title: &'static str,
    /// Why it is a problem and how it is mended, for `--explain`.
    pub explanation: &'static str,
}

/// The code of a finding or an error: a reference into the table.
#[derive(Clone, Copy)]
pub struct Code(&'static Entry);

impl Code {
    /// Every code, in order of its number.
    pub fn all() -> impl Iterator<Item = Code> {
        [profile::TABLE, source::TABLE, cluster::TABLE, usage::TABLE, kind::TABLE]
            .into_iter()
            .flatten()
            .copied()
    }

    /// What is wrong, in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.0.title
    }

    /// Why it is a problem and how it is mended.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        self.0.explanation
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BRG{:04}", self.0.number)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.number == other.0.number
    }
}

impl Eq for Code {}

impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Code {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.number.cmp(&other.0.number)
    }
}

/// The text is no known code.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no code of bridge; codes look like BRG3003")]
pub struct UnknownCode(String);

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim().to_ascii_uppercase();
        Code::all().find(|code| code.to_string() == wanted).ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

/// Declares the codes of one layer as associated constants of [`Code`], and lists them in `TABLE`.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $title:literal, $explanation:literal;)*) => {
        use super::{Code, Entry};

        impl Code {
            $(
                #[doc = $title]
                pub const $name: Code = Code(&Entry { number: $number, title: $title, explanation: $explanation });
            )*
        }

        /// The codes of this layer, in order of their numbers.
        pub(super) const TABLE: &[Code] = &[$(Code::$name),*];
    };
}
use codes;

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn numbers_are_unique_and_ascending() {
        let numbers: Vec<u16> = Code::all().map(|code| code.0.number).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    }

    #[test]
    fn a_code_is_read_back_from_its_text() {
        for code in Code::all() {
            assert_eq!(code.to_string().parse::<Code>().unwrap(), code);
        }
        assert!("BRG9999".parse::<Code>().is_err());
    }
}
