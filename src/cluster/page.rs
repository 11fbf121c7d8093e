//! One page of a LIST, read item by item: a page of a thousand Secrets as a tree takes several times its bytes, and what is
//! kept of an item is next to nothing.

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[derive(Deserialize)]
struct Head {
    metadata: Option<ListMeta>,
}

#[derive(Deserialize)]
struct ListMeta {
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// The token of the page after this one, if there is one: it can be asked for before this one is read.
///
/// # Errors
/// When the text is no list.
pub(super) fn next(text: &[u8]) -> Result<Option<String>, serde_json::Error> {
    let head: Head = serde_json::from_slice(text)?;
    Ok(head.metadata.and_then(|metadata| metadata.next).filter(|next| !next.is_empty()))
}

/// Reads the items of a page; of each what `keep` makes of it is kept.
///
/// # Errors
/// When the text is no list, or `keep` refuses an item. An answer that is no list must not be taken for an empty one: on
/// the word of that, a namespace would be deleted.
pub(super) fn items<T, E: std::fmt::Display>(
    text: &[u8],
    keep: &impl Fn(Value) -> Result<T, E>,
) -> Result<Vec<T>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let items = OfPage(keep).deserialize(&mut json)?;
    json.end()?;
    Ok(items)
}

struct OfPage<'a, F>(&'a F);

impl<'de, T, E: std::fmt::Display, F: Fn(Value) -> Result<T, E>> DeserializeSeed<'de> for OfPage<'_, F> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T, E: std::fmt::Display, F: Fn(Value) -> Result<T, E>> Visitor<'de> for OfPage<'_, F> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut items = None;
        while let Some(field) = fields.next_key::<String>()? {
            match field.as_str() {
                "items" => items = Some(fields.next_value_seed(OfItems(self.0))?),
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        items.ok_or_else(|| A::Error::custom("it is no list"))
    }
}

struct OfItems<'a, F>(&'a F);

impl<'de, T, E: std::fmt::Display, F: Fn(Value) -> Result<T, E>> DeserializeSeed<'de> for OfItems<'_, F> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T, E: std::fmt::Display, F: Fn(Value) -> Result<T, E>> Visitor<'de> for OfItems<'_, F> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the items of a list")
    }

    /// A list of nothing may have `items: null`.
    fn visit_unit<R: Error>(self) -> Result<Self::Value, R> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(item) = items.next_element()? {
            kept.push((self.0)(item).map_err(A::Error::custom)?);
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use serde_json::Value;

    use super::{items, next};

    fn page(text: &str) -> Result<(usize, Option<String>), String> {
        let items = items(text.as_bytes(), &Ok::<Value, Infallible>);
        let items = items.map_err(|error| error.to_string())?;
        Ok((items.len(), next(text.as_bytes()).map_err(|error| error.to_string())?))
    }

    #[test]
    fn items_and_the_next_pages_token_are_read_in_whatever_order_they_come() {
        for text in [
            r#"{"kind":"SecretList","metadata":{"continue":"t","resourceVersion":"1"},"items":[{"a":1},2]}"#,
            r#"{"items":[{"a":1},2],"metadata":{"continue":"t"},"more":[{}]}"#,
        ] {
            assert_eq!(page(text), Ok((2, Some("t".to_owned()))), "{text}");
        }
        for text in [
            r#"{"items":[]}"#,
            r#"{"items":null,"metadata":{}}"#,
            r#"{"metadata":null,"items":[]}"#,
            r#"{"metadata":{"continue":""},"items":[]}"#,
        ] {
            assert_eq!(page(text), Ok((0, None)), "{text}");
        }
    }

    #[test]
    fn what_is_no_list_is_never_an_empty_one() {
        for text in [
            "",
            "[]",
            "null",
            "{}",
            r#"{"kind":"Status","status":"Success"}"#,
            r#"{"items":{}}"#,
            r#"{"items":"a"}"#,
            r#"{"items":[1"#,
            r#"{"items":[1]} {}"#,
        ] {
            page(text).expect_err(text);
        }
    }

    #[test]
    fn an_item_that_is_refused_fails_the_page() {
        let text = br#"{"items":[1,2]}"#;
        let error = items(text, &|item| if item == 2 { Err("two") } else { Ok(item) }).unwrap_err();
        assert!(error.to_string().starts_with("two"), "{error}");
    }
}
