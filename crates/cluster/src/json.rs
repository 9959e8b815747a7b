//! Reading JSON of which each part can be absent or of another type.

use serde_json::Value;

/// Parts of an object, by JSON pointers.
pub trait Json {
    /// The text there; empty if it is missing.
    fn text(&self, pointer: &str) -> &str;

    /// The elements of the list there.
    fn list(&self, pointer: &str) -> std::slice::Iter<'_, Value>;

    /// The texts in the list there.
    fn texts(&self, pointer: &str) -> impl Iterator<Item = &str> {
        self.list(pointer).filter_map(Value::as_str)
    }

    /// The elements of the list there, to change them.
    fn list_mut(&mut self, pointer: &str) -> std::slice::IterMut<'_, Value>;

    /// The condition of a type in the object's status.
    fn condition(&self, kind: &str) -> Option<&Value> {
        let mut conditions = self.list("/status/conditions");
        conditions.find(|condition| condition.text("/type") == kind)
    }
}

impl Json for Value {
    fn text(&self, pointer: &str) -> &str {
        let text = self.pointer(pointer).and_then(Self::as_str);
        text.unwrap_or_default()
    }

    fn list(&self, pointer: &str) -> std::slice::Iter<'_, Self> {
        let list = self.pointer(pointer).and_then(Self::as_array);
        list.map_or_else(Default::default, |list| list.iter())
    }

    fn list_mut(&mut self, pointer: &str) -> std::slice::IterMut<'_, Self> {
        let list = self.pointer_mut(pointer).and_then(Self::as_array_mut);
        list.map_or_else(Default::default, |list| list.iter_mut())
    }
}
