//! A JSON object in which no name stands twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

/// A JSON object, and whether a name stands in it twice: then two programs may read it differently.
pub(super) struct Object {
    pub(super) members: Map<String, Value>,
    pub(super) repeats: bool,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Object, A::Error> {
        let mut object = Object { members: Map::new(), repeats: false };
        while let Some((name, value)) = source.next_entry::<String, Value>()? {
            object.repeats |= object.members.insert(name, value).is_some();
        }
        Ok(object)
    }
}

/// How many bytes of memory an object holds, or somewhat more: a small one takes a hundred times its text.
pub(super) fn bytes(members: &Map<String, Value>) -> usize {
    let inside = members.iter().map(|(name, value)| name.capacity() + held(value)).sum::<usize>();
    // All nodes but the root are five elevenths full or more.
    let nodes = if members.is_empty() { 0 } else { 1 + members.len() / 5 };
    nodes * NODE + inside
}

fn held(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.capacity(),
        Value::Array(values) => {
            values.capacity() * size_of::<Value>() + values.iter().map(held).sum::<usize>()
        }
        Value::Object(members) => bytes(members),
    }
}

/// Eleven names and values of a B-tree, and what leads to others.
const NODE: usize = 11 * (size_of::<String>() + size_of::<Value>()) + 14 * size_of::<usize>();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_name_is_seen_however_it_is_written() {
        for (text, repeats) in [
            (r#"{}"#, Some(false)),
            (r#"{"a":1,"b":2,"A":3}"#, Some(false)),
            (r#"{"a":1,"a":1}"#, Some(true)),
            (r#"{"active":false,"\u0061ctive":true}"#, Some(true)),
            ("[]", None),
            ("true", None),
            (r#"{"a":1"#, None),
            (r#"{"a":1} x"#, None),
            ("", None),
        ] {
            let read = serde_json::from_str::<Object>(text).ok();
            assert_eq!(read.map(|object| object.repeats), repeats, "{text}");
        }
    }
}
