//! A list of objects, reduced while it arrives.
//!
//! A page of a list can be 64 MiB, of which a few bytes per object are needed. [`Thin`] holds one
//! object at a time: each is reduced as soon as it is complete.

use std::io;
use std::pin::pin;

use futures::io::{AsyncBufRead, AsyncBufReadExt as _};

/// The largest object that is read. etcd stores at most 1.5 MiB, which JSON makes slightly longer.
const LARGEST_ITEM: usize = 4 << 20;
/// The largest list that remains when its items are reduced.
const LARGEST_REST: usize = 4 << 20;
/// The list's own key for its objects.
const ITEMS: &[u8] = b"items";

/// Why a list cannot be reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ThinError {
    /// The reduced list is too large.
    #[error("the reduced list is larger than {LARGEST_REST} bytes")]
    TooLarge,
    /// It ended in the middle.
    #[error("the list ended too early")]
    Incomplete,
}

/// Replaces the objects of a Kubernetes list, which is fed in pieces of any size.
///
/// Text that is not JSON is not detected; the output is then not JSON either.
pub(crate) struct Thin<F> {
    /// Reduces an object to JSON; `None` drops it.
    keep: F,
    rest: Vec<u8>,
    item: Vec<u8>,
    /// The current object is larger than the limit.
    oversized: bool,
    depth: usize,
    text: Text,
    /// The last string of the outermost object, as far as it can be [`ITEMS`].
    key: Vec<u8>,
    place: Place,
    kept_one: bool,
    skipped: u64,
}

/// Whether the next byte is in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    Escaped,
}

/// Where the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Anywhere else.
    Elsewhere,
    /// After the key of the items and its colon.
    BeforeItems,
    /// In the list of items, between two of them.
    BetweenItems,
    /// In an item.
    Item,
}

/// Reads a list to its end and reduces it; returns the result of [`Thin::finish`].
///
/// # Errors
/// If reading fails, or with a [`ThinError`].
pub(crate) async fn read(
    from: impl AsyncBufRead,
    keep: impl FnMut(&[u8]) -> Option<Vec<u8>>,
) -> io::Result<(Vec<u8>, u64)> {
    let mut from = pin!(from);
    let mut thin = Thin::new(keep);
    loop {
        let piece = from.fill_buf().await?;
        if piece.is_empty() {
            return thin.finish().map_err(io::Error::other);
        }
        thin.feed(piece).map_err(io::Error::other)?;
        let length = piece.len();
        from.consume_unpin(length);
    }
}

impl<F: FnMut(&[u8]) -> Option<Vec<u8>>> Thin<F> {
    pub(crate) fn new(keep: F) -> Self {
        Self {
            keep,
            rest: Vec::new(),
            item: Vec::new(),
            oversized: false,
            depth: 0,
            text: Text::Outside,
            key: Vec::new(),
            place: Place::Elsewhere,
            kept_one: false,
            skipped: 0,
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`ThinError::TooLarge`] if the reduced list has become too large.
    pub(crate) fn feed(&mut self, mut piece: &[u8]) -> Result<(), ThinError> {
        while !piece.is_empty() {
            let length = match self.text {
                Text::Outside => self.outside(piece),
                Text::Inside => self.inside(piece),
                Text::Escaped => {
                    self.text = Text::Inside;
                    self.take(piece.get(..1).unwrap_or_default());
                    1
                }
            };
            piece = piece.get(length..).unwrap_or_default();
            if self.rest.len() > LARGEST_REST {
                return Err(ThinError::TooLarge);
            }
        }
        Ok(())
    }

    /// The reduced list, and the number of objects dropped because of their size.
    ///
    /// # Errors
    /// [`ThinError::Incomplete`] if it has not ended.
    pub(crate) fn finish(self) -> Result<(Vec<u8>, u64), ThinError> {
        if self.depth > 0 || self.text != Text::Outside {
            return Err(ThinError::Incomplete);
        }
        Ok((self.rest, self.skipped))
    }

    /// Consumes the received part of a string.
    fn inside(&mut self, piece: &[u8]) -> usize {
        let end = piece.iter().position(|byte| matches!(byte, b'"' | b'\\'));
        let length = end.map_or(piece.len(), |end| end + 1);
        let taken = piece.get(..length).unwrap_or_default();
        if self.depth == 1 && self.key.len() <= ITEMS.len() {
            self.key.extend(taken.iter().take(ITEMS.len() + 1));
        }
        self.take(taken);
        self.text = match taken.last() {
            Some(b'"') => Text::Outside,
            Some(b'\\') => Text::Escaped,
            _ => Text::Inside,
        };
        length
    }

    /// Takes one byte outside of strings.
    fn outside(&mut self, piece: &[u8]) -> usize {
        let Some(&byte) = piece.first() else {
            return 0;
        };
        match byte {
            b'"' => {
                self.text = Text::Inside;
                self.key.clear();
            }
            b'{' | b'[' => {
                self.depth += 1;
                match self.place {
                    Place::BeforeItems if byte == b'[' => {
                        self.take(&[byte]);
                        self.place = Place::BetweenItems;
                        return 1;
                    }
                    Place::BeforeItems => self.place = Place::Elsewhere,
                    Place::BetweenItems => self.place = Place::Item,
                    Place::Elsewhere | Place::Item => {}
                }
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.place == Place::Item && self.depth == 2 {
                    self.take(&[byte]);
                    self.end_item();
                    return 1;
                }
                if self.place == Place::BetweenItems {
                    self.place = Place::Elsewhere;
                }
            }
            b':' if self.depth == 1 => {
                // The quotation mark that ended it is part of it.
                let is_items = self.key.strip_suffix(b"\"") == Some(ITEMS);
                self.place = if is_items {
                    Place::BeforeItems
                } else {
                    Place::Elsewhere
                };
            }
            b',' if self.depth == 1 => self.place = Place::Elsewhere,
            _ => {}
        }
        self.take(&[byte]);
        1
    }

    fn take(&mut self, bytes: &[u8]) {
        match self.place {
            Place::Elsewhere | Place::BeforeItems => self.rest.extend_from_slice(bytes),
            // Commas, spaces, and anything that is not an object.
            Place::BetweenItems => {}
            Place::Item if self.item.len() + bytes.len() > LARGEST_ITEM => self.oversized = true,
            Place::Item => self.item.extend_from_slice(bytes),
        }
    }

    fn end_item(&mut self) {
        self.place = Place::BetweenItems;
        if std::mem::take(&mut self.oversized) {
            self.skipped += 1;
        } else if let Some(kept) = (self.keep)(&self.item) {
            if self.kept_one {
                self.rest.push(b',');
            }
            self.kept_one = true;
            self.rest.extend_from_slice(&kept);
        }
        self.item.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Feeds a list in pieces of this size and keeps the names of its items.
    fn thin(text: &str, size: usize) -> Result<(Value, u64), ThinError> {
        let mut thin = Thin::new(|item: &[u8]| {
            let item: Value = serde_json::from_slice(item).ok()?;
            Some(item.get("name")?.to_string().into_bytes())
        });
        for piece in text.as_bytes().chunks(size) {
            thin.feed(piece)?;
        }
        let (rest, skipped) = thin.finish()?;
        Ok((serde_json::from_slice(&rest).unwrap(), skipped))
    }

    #[test]
    fn items_are_replaced_wherever_a_piece_ends() {
        let list = json!({
            "kind": "List", "metadata": {"continue": "x\"]}", "items": [1]},
            "items": [
                {"name": "a", "items": [{"name": "inner"}]},
                null, 3, "text", [1],
                {"name": "\\\"é]}", "deep": [[{}]]},
                {"no name": 1},
                {"name": "c"},
            ],
            "after": {"items": [{"name": "not an item"}]},
        });
        let mut wanted = list.clone();
        wanted["items"] = json!(["a", "\\\"é]}", "c"]);
        for text in [
            list.to_string(),
            serde_json::to_string_pretty(&list).unwrap(),
        ] {
            for size in [1, 2, 3, 7, 64, text.len()] {
                assert_eq!(thin(&text, size), Ok((wanted.clone(), 0)), "{size}");
            }
        }
        for same in [
            r#"{"kind":"Status","code":403}"#,
            r#"{"items":null,"a":[{"name":"x"}]}"#,
            r#"{"items":{"a":[{"name":"x"}]}}"#,
            r#"{"items":[]}"#,
            "3",
        ] {
            let value: Value = serde_json::from_str(same).unwrap();
            assert_eq!(thin(same, 1), Ok((value, 0)), "{same}");
        }
    }

    #[test]
    fn interrupted_list_is_not_complete() {
        let text = r#"{"items":[{"name":"a"},{"name":"b"}]}"#;
        for end in 1..text.len() {
            assert_eq!(thin(&text[..end], 5), Err(ThinError::Incomplete), "{end}");
        }
    }

    #[test]
    fn no_more_than_one_item_is_held() {
        let item = format!(r#"{{"name":"n","pad":"{}"}}"#, "x".repeat(1 << 20));
        let large = format!(r#"{{"name":"large","pad":"{}"}}"#, "y".repeat(LARGEST_ITEM));
        let mut most = 0;
        let mut thin = Thin::new(|item: &[u8]| Some(item.len().to_string().into_bytes()));
        thin.feed(br#"{"items":["#).unwrap();
        for number in 0..64 {
            let text = if number == 7 { &large } else { &item };
            for piece in text.as_bytes().chunks(16 << 10) {
                thin.feed(piece).unwrap();
                most = most.max(thin.item.capacity() + thin.rest.capacity());
            }
            thin.feed(b",\n").unwrap();
        }
        thin.feed(b"]}").unwrap();
        let (rest, skipped) = thin.finish().unwrap();
        let kept: Value = serde_json::from_slice(&rest).unwrap();
        assert_eq!(kept["items"].as_array().unwrap().len(), 63);
        assert_eq!(skipped, 1);
        assert!(most <= 2 * LARGEST_ITEM, "{most}");
    }

    #[test]
    fn the_result_is_limited_too() {
        let mut thin = Thin::new(|item: &[u8]| Some(item.to_vec()));
        let item = format!(r#"{{"pad":"{}"}},"#, "x".repeat(1 << 20));
        thin.feed(br#"{"items":["#).unwrap();
        let fed = (0..8).try_for_each(|_| thin.feed(item.as_bytes()));
        assert_eq!(fed, Err(ThinError::TooLarge));
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            r#"[a-z"\\\[\]{}:,é]{0,6}"#.prop_map(Value::from),
            Just(Value::from("items")),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            let key = prop_oneof![Just("items".to_owned()), r#"[a-z"\\:\[]{0,4}"#];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..4)
                    .prop_map(|map| map.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_parser_sees_the_same(list in values(), size in 1_usize..9) {
            let mut wanted = list.clone();
            if let Some(Value::Array(items)) = wanted.get_mut("items") {
                items.retain(|item| item.is_object() || item.is_array());
            }
            let mut thin = Thin::new(|item: &[u8]| Some(item.to_vec()));
            for piece in list.to_string().as_bytes().chunks(size) {
                thin.feed(piece).unwrap();
            }
            let (rest, _) = thin.finish().unwrap();
            prop_assert_eq!(serde_json::from_slice::<Value>(&rest).unwrap(), wanted);
        }
    }
}
