//! Digests for a saved plan: they tell that texts are the same ones, and are of no use for guessing one of them.
//!
//! Salted argon2id over all texts together, with the parameters that OWASP's Password Storage Cheat Sheet names (19 MiB,
//! two passes, one lane): who guesses one text must guess all of them at once, at the price of a password each time.

use argon2::{Algorithm, Argon2, Params, Version};

use crate::profile::sensitive::Sensitive;

/// KiB of memory.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Bytes of a salt; as hexadecimal digits twice as many characters.
pub const SALT_BYTES: usize = 16;

/// The salt is none of bridge's, or there is not enough memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the digest cannot be computed: {0}")]
pub struct NoDigest(String);

/// The digest of all texts together, as hexadecimal digits. Their order and their limits count.
///
/// # Errors
/// When the salt is no [`SALT_BYTES`] in hexadecimal digits, or there is not enough memory.
pub fn digest<'a>(salt: &str, texts: impl IntoIterator<Item = &'a Sensitive>) -> Result<String, NoDigest> {
    if salt.len() != SALT_BYTES * 2 || !salt.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(NoDigest("the salt is damaged".to_owned()));
    }
    let failed = |error: argon2::Error| NoDigest(error.to_string());
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(failed)?;
    let mut digest = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(together(texts).expose().as_bytes(), salt.as_bytes(), &mut digest)
        .map_err(failed)?;
    Ok(hexadecimal(&digest))
}

/// Each text behind its length, so that no two lists of texts give the same.
fn together<'a>(texts: impl IntoIterator<Item = &'a Sensitive>) -> Sensitive {
    let parts = texts.into_iter().map(Sensitive::expose).map(|text| format!("{}:{text}", text.len()));
    Sensitive::new(parts.collect::<String>())
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Sensitive, digest};

    const SALT: &str = "000102030405060708090a0b0c0d0e0f";

    fn of(salt: &str, texts: &[&str]) -> String {
        let texts: Vec<Sensitive> = texts.iter().map(|text| Sensitive::new(*text)).collect();
        digest(salt, &texts).unwrap()
    }

    #[test]
    fn texts_salt_order_and_limits_count() {
        let first = of(SALT, &["ab", "c"]);
        assert_eq!(first, of(SALT, &["ab", "c"]));
        assert_eq!(first.len(), 64);
        for other in [&["a", "bc"][..], &["c", "ab"], &["ab", "c", ""], &["ab"], &[]] {
            assert_ne!(first, of(SALT, other), "{other:?}");
        }
        assert_ne!(first, of(&SALT.replace("0f", "ff"), &["ab", "c"]));
    }

    /// As the reference implementation of Argon2 gives it for the text `2:ab1:c` and the salt's digits.
    #[test]
    fn a_plan_file_of_another_version_has_the_same_digest() {
        let expected = "2d6d0fd2fd1ddeacedcc739754cf663a0a0ada711e1d0e867a39c1c92f77273c";
        assert_eq!(of(SALT, &["ab", "c"]), expected);
    }

    #[test]
    fn a_damaged_salt_is_refused() {
        for salt in ["", "00", &SALT.replace('0', "x"), &"0".repeat(1 << 10)] {
            assert!(digest(salt, &[]).is_err(), "{salt}");
        }
    }
}
