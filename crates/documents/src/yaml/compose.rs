//! Building one value from the events of a document: anchors, aliases and merge keys as in go.yaml.in/yaml/v2
//! `decode.go`.

use std::collections::HashMap;

use granit_parser::{Event, ScalarStyle};
use serde_json::{Map, Value};

use super::{MAX_ALIASED, MAX_DEPTH, scalar::Scalar, tag_name};
use crate::split::MAX_DOCUMENT;

/// Builds the value of a document.
#[derive(Default)]
pub(crate) struct Composer {
    open: Vec<Open>,
    /// The repeatable values, by number; `None` while one is being read.
    anchors: HashMap<usize, Option<Anchor>>,
    /// The size of all aliased values so far.
    aliased: Size,
    documents: usize,
    root: Option<Value>,
}

/// A list or map that is being read.
struct Open {
    anchor: usize,
    content: Content,
    size: Size,
    /// The levels of lists and maps in it, itself included.
    depth: usize,
}

enum Content {
    List(Vec<Value>),
    Map { map: Map<String, Value>, next: Next },
}

/// What comes next in a map.
enum Next {
    Key,
    Value(String),
    /// The value of a merge key.
    Merge,
}

/// A value that aliases repeat.
#[derive(Clone)]
struct Anchor {
    node: Node,
    size: Size,
    depth: usize,
}

/// A complete value. A scalar can still be a key or a value.
#[derive(Clone)]
enum Node {
    Scalar(Scalar),
    Tree(Value),
}

/// The size of a value.
#[derive(Clone, Copy, Default)]
struct Size {
    values: usize,
    bytes: usize,
}

impl Composer {
    /// The next event.
    ///
    /// # Errors
    /// The error. Quotes nothing of the document.
    pub(crate) fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::DocumentStart(_, version) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err("not YAML: more than one document".to_owned());
                }
                if version.is_some_and(|version| (version.major, version.minor) != (1, 1)) {
                    return Err(
                        "a directive for another YAML than 1.1: write %YAML 1.1, or leave it out"
                            .to_owned(),
                    );
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                let tag = tag.as_deref().map(tag_name);
                if self.wants_key() && is_merge(&text, is_plain, tag.as_deref()) {
                    self.set_next(Next::Merge);
                    return Ok(());
                }
                let size = Size {
                    values: 1,
                    bytes: text.len(),
                };
                let scalar = Scalar::resolve(text, is_plain, tag.as_deref())?;
                self.complete(anchor, Node::Scalar(scalar), size, 0)
            }
            Event::Alias(anchor) => self.alias(anchor),
            Event::SequenceStart(_, anchor, _) => self.begin(anchor, Content::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => {
                let (map, next) = (Map::new(), Next::Key);
                self.begin(anchor, Content::Map { map, next })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            _ => Ok(()),
        }
    }

    /// The value of the document.
    pub(crate) fn finish(self) -> Value {
        self.root.unwrap_or_default()
    }

    fn begin(&mut self, anchor: usize, content: Content) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep());
        }
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        self.open.push(Open {
            anchor,
            content,
            size: Size {
                values: 1,
                bytes: 0,
            },
            depth: 1,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.content {
            Content::List(items) => Value::Array(items),
            Content::Map { map, .. } => Value::Object(map),
        };
        self.complete(open.anchor, Node::Tree(value), open.size, open.depth)
    }

    fn alias(&mut self, anchor: usize) -> Result<(), String> {
        let Some(Some(known)) = self.anchors.get(&anchor) else {
            return Err("an alias (*) of an anchor that contains itself".to_owned());
        };
        if self.open.len() + known.depth > MAX_DEPTH {
            return Err(too_deep());
        }
        self.aliased = self.aliased.and(known.size);
        if self.aliased.values > MAX_ALIASED || self.aliased.bytes > MAX_DOCUMENT {
            return Err(format!(
                "aliases (*) that stand for more than {MAX_ALIASED} values or {} MiB",
                MAX_DOCUMENT >> 20
            ));
        }
        let known = known.clone();
        if let (Some(Next::Merge), Node::Tree(Value::Array(_))) = (self.next(), &known.node) {
            return Err(no_merge());
        }
        self.complete(0, known.node, known.size, known.depth)
    }

    /// A value is complete: it is a key, a value, an item, or the whole.
    fn complete(
        &mut self,
        anchor: usize,
        node: Node,
        size: Size,
        depth: usize,
    ) -> Result<(), String> {
        if anchor != 0 {
            let anchored = Anchor {
                node: node.clone(),
                size,
                depth,
            };
            self.anchors.insert(anchor, Some(anchored));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node.into_json()?);
            return Ok(());
        };
        open.size = open.size.and(size);
        open.depth = open.depth.max(depth + 1);
        match &mut open.content {
            Content::List(items) => items.push(node.into_json()?),
            Content::Map { map, next } => match std::mem::replace(next, Next::Key) {
                Next::Key => *next = Next::Value(node.into_key()?),
                Next::Value(key) => {
                    map.insert(key, node.into_json()?);
                }
                Next::Merge => merge(map, node)?,
            },
        }
        Ok(())
    }

    fn next(&self) -> Option<&Next> {
        match &self.open.last()?.content {
            Content::Map { next, .. } => Some(next),
            Content::List(_) => None,
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.next(), Some(Next::Key))
    }

    fn set_next(&mut self, to: Next) {
        if let Some(Open {
            content: Content::Map { next, .. },
            ..
        }) = self.open.last_mut()
        {
            *next = to;
        }
    }
}

impl Node {
    fn into_json(self) -> Result<Value, String> {
        match self {
            Self::Scalar(Scalar::Text(text)) => Ok(Value::String(text)),
            Self::Scalar(scalar) => scalar.to_json(),
            Self::Tree(value) => Ok(value),
        }
    }

    fn into_key(self) -> Result<String, String> {
        match self {
            Self::Scalar(Scalar::Text(text)) => Ok(text),
            Self::Scalar(scalar) => scalar.to_key(),
            Self::Tree(_) => Err("a key that is a list or a map".to_owned()),
        }
    }
}

impl Size {
    const fn and(self, other: Self) -> Self {
        Self {
            values: self.values.saturating_add(other.values),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

fn is_merge(text: &str, is_plain: bool, tag: Option<&str>) -> bool {
    text == "<<"
        && match tag {
            None => is_plain,
            Some(tag) => tag == "tag:yaml.org,2002:merge",
        }
}

/// The members from a merge key replace the members before it; in a list the first map has precedence.
fn merge(map: &mut Map<String, Value>, node: Node) -> Result<(), String> {
    let maps = match node {
        Node::Tree(Value::Object(merged)) => vec![Value::Object(merged)],
        Node::Tree(Value::Array(items)) => items,
        _ => return Err(no_merge()),
    };
    for merged in maps.into_iter().rev() {
        let Value::Object(merged) = merged else {
            return Err(no_merge());
        };
        map.extend(merged);
    }
    Ok(())
}

fn no_merge() -> String {
    "a merge key (<<) whose value is not a map or a list of maps".to_owned()
}

fn too_deep() -> String {
    format!("nested more than {MAX_DEPTH} levels deep")
}
