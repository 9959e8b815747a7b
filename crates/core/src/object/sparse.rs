//! Lists of which only some elements matter.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::member::{Member, Object};

/// Whether an element of a list can matter to a rule.
pub trait Relevant {
    /// True if it names an image.
    fn relevant(&self) -> bool;
}

/// The elements of a list that matter, each with its index in the input: patches address elements by
/// index. The rest is dropped while reading, so that a list of a million empty objects uses
/// no memory.
#[derive(Clone, Debug)]
pub struct Sparse<T>(Vec<(usize, T)>);

impl<T> Sparse<T> {
    /// Each element with its index in the input.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.0.iter().map(|(index, item)| (*index, item))
    }

    /// The element with this index in the input.
    pub fn get(&self, index: usize) -> Option<&T> {
        let at = self.0.binary_search_by_key(&index, |(index, _)| *index);
        self.0.get(at.ok()?).map(|(_, item)| item)
    }

    /// The number of elements kept.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no element is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de> + Relevant> Deserialize<'de> for Sparse<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SparseVisitor(PhantomData))
    }
}

/// With `null` for each dropped element, so that the rest keeps its index.
impl<T: Serialize> Serialize for Sparse<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut next = 0;
        for (index, item) in &self.0 {
            while next < *index {
                list.serialize_element(&())?;
                next += 1;
            }
            list.serialize_element(item)?;
            next += 1;
        }
        list.end()
    }
}

struct SparseVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Relevant> Visitor<'de> for SparseVisitor<T> {
    type Value = Sparse<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let mut kept = Vec::new();
        let mut index = 0;
        while let Some(item) = list.next_element::<Option<Object<T>>>()? {
            let item = item.map(|Object(item)| item);
            kept.extend(item.filter(T::relevant).map(|item| (index, item)));
            index += 1;
        }
        Ok(Sparse(kept))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Sparse::default())
    }
}

impl<'de, T: Deserialize<'de> + Relevant> Member<'de> for Sparse<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
    struct Item {
        n: u8,
    }

    impl Relevant for Item {
        fn relevant(&self) -> bool {
            self.n > 0
        }
    }

    #[test]
    fn kept_elements_keep_their_index() {
        let (seven, nine) = (Item { n: 7 }, Item { n: 9 });
        let json = r#"[{"n":0},{"n":7},null,{"n":9}]"#;
        let kept: Sparse<Item> = serde_json::from_str(json).unwrap();
        assert_eq!(kept.iter().collect::<Vec<_>>(), [(1, &seven), (3, &nine)]);
        assert_eq!(
            (kept.get(3), kept.get(2), kept.len()),
            (Some(&nine), None, 2)
        );
        let written = serde_json::to_string(&kept).unwrap();
        assert_eq!(written, r#"[null,{"n":7},null,{"n":9}]"#);
        let again: Sparse<Item> = serde_json::from_str(&written).unwrap();
        assert_eq!(again.iter().collect::<Vec<_>>(), [(1, &seven), (3, &nine)]);
        serde_json::from_str::<Sparse<Item>>("[[7]]").unwrap_err();
        let none: Sparse<Item> = serde_json::from_str("null").unwrap();
        assert_eq!(none.iter().count(), 0);
    }
}
