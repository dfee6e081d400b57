//! Parameters in a JSON object.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{Pair, UNREADABLE};
use crate::server::refusal::{Refusal, RefusalKind};

/// The members of an object, in its order. Repeated ones are included.
struct Members(Vec<Pair>);

/// Returns the names and values of an object. A text is decoded, and a number is its digits. `null`
/// is an empty value, and every other value is not valid UTF-8, so that it is refused if its name
/// is known.
pub(super) fn pairs(body: &[u8]) -> Result<Vec<Pair>, Refusal> {
    let read = serde_json::from_slice(body).map_err(|_| RefusalKind::InvalidRequest.because(UNREADABLE));
    read.map(|Members(pairs)| pairs)
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, value)) = members.next_entry::<String, &RawValue>()? {
            pairs.push((Zeroizing::new(name.into_bytes()), Zeroizing::new(bytes(value.get()))));
        }
        Ok(Members(pairs))
    }
}

fn bytes(value: &str) -> Vec<u8> {
    match value.as_bytes() {
        [b'"', ..] => serde_json::from_str::<String>(value).map_or_else(|_| vec![0xff], String::into_bytes),
        [b'-' | b'0'..=b'9', ..] => value.as_bytes().to_vec(),
        b"null" => Vec::new(),
        _ => vec![0xff],
    }
}
