//! Lists and numbers as written.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};

/// A list. `null` reads as an empty one and a `null` in it as an empty element, as in Go.
#[derive(Clone, Debug)]
pub(in crate::read) struct List<T>(Vec<T>);

/// The first element of a list; the rest is skipped.
#[derive(Clone, Debug)]
pub(in crate::read) struct First<T>(pub(in crate::read) Option<T>);

/// A whole number that nothing depends on: in a Template it can be a parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::read) enum Number {
    /// It is absent.
    #[default]
    Absent,
    /// The number.
    Is(u64),
    /// Another value.
    Other,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for First<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FirstVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Option<T>>()? {
            items.push(item.unwrap_or_default());
        }
        Ok(List(items))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(List::default())
    }
}

struct FirstVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for FirstVisitor<T> {
    type Value = First<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let first = list.next_element::<Option<T>>()?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(First(first.map(Option::unwrap_or_default)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(First::default())
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
        Ok(Number::Is(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Number, E> {
        Ok(Number::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Number, E> {
        Ok(Number::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Number, E> {
        Ok(Number::Other)
    }

    fn visit_unit<E>(self) -> Result<Number, E> {
        Ok(Number::Absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_empty_and_keeps_its_place() {
        let list: List<u8> = serde_json::from_str("[7,null,9]").unwrap();
        assert_eq!(&*list, [7, 0, 9]);
        let list: List<u8> = serde_json::from_str("null").unwrap();
        assert!(list.is_empty());
        serde_json::from_str::<List<u8>>("{}").unwrap_err();
    }

    #[test]
    fn only_the_first_element_is_read() {
        for (json, want) in [
            ("[7,\"x\",{}]", Some(7)),
            ("[null,1]", Some(0)),
            ("[]", None),
            ("null", None),
        ] {
            let first: First<u8> = serde_json::from_str(json).unwrap();
            assert_eq!(first.0, want, "{json}");
        }
    }

    #[test]
    fn a_number_may_be_a_parameter() {
        for (json, want) in [
            ("3", Number::Is(3)),
            ("-3", Number::Other),
            ("1.5", Number::Other),
            ("\"${{REPLICAS}}\"", Number::Other),
            ("null", Number::Absent),
        ] {
            assert_eq!(serde_json::from_str::<Number>(json).unwrap(), want);
        }
        serde_json::from_str::<Number>("[]").unwrap_err();
    }
}
