//! JSON of a token or about one, read once and strictly.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A JSON value that borrows from its text. An object with a repeated name is not accepted. RFC
/// 7519 section 4 allows refusing it or using the last one, so two readers could choose
/// differently.
// JWTs and answers about tokens are read by a strict JSON reader of our own. It reads once and
// borrows; it refuses repeated names and keeps types. One table (`verify/oauth/claims/mapping.rs`)
// makes principals of both. Claims are attached as text, and only the handlers that want them read
// them again. The text takes a fifteenth of the size of the values.
#[derive(Debug)]
pub(in crate::verify) enum Json<'j> {
    Null,
    True,
    False,
    Number(f64),
    Text(Cow<'j, str>),
    List(Vec<Json<'j>>),
    Object(Vec<(Cow<'j, str>, Json<'j>)>),
}

impl<'j> Json<'j> {
    /// Reads the whole text as one value. Returns `None` if it is not JSON, or repeats a name
    /// anywhere.
    pub(in crate::verify) fn read(text: &'j str) -> Option<Self> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = reader.deserialize_any(AnyValue { members: MEMBERS }).ok()?;
        reader.end().ok().map(|()| value)
    }

    /// Returns the member with this name.
    pub(in crate::verify) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    pub(in crate::verify) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(in crate::verify) fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// Returns the texts of a list that has only texts.
    pub(in crate::verify) fn texts(&self) -> Option<Vec<&str>> {
        let Self::List(values) = self else { return None };
        values.iter().map(Self::text).collect()
    }
}

/// Writes a text unchanged, a list with commas, and only the kind of an object.
impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::True => f.write_str("true"),
            Self::False => f.write_str("false"),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::List(values) => values.iter().enumerate().try_for_each(|(at, value)| {
                f.write_str(if at == 0 { "" } else { ", " })?;
                value.fmt(f)
            }),
            Self::Object(_) => f.write_str("an object"),
        }
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue { members: 0 })
    }
}

struct AnyValue {
    /// The expected number of members in an object.
    members: usize,
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without a repeated name")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, is_true: bool) -> Result<Json<'de>, E> {
        Ok(if is_true { Json::True } else { Json::False })
    }

    #[allow(clippy::cast_precision_loss, reason = "dates beyond 2^53 seconds are refused anyway")]
    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number as f64))
    }

    #[allow(clippy::cast_precision_loss, reason = "dates beyond 2^53 seconds are refused anyway")]
    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element()? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        let mut object = Vec::with_capacity(self.members);
        while let Some(Name(name)) = members.next_key()? {
            object.push((name, members.next_value()?));
        }
        if let [(name, Json::Text(digits))] = &*object
            && name == NUMBER
        {
            return digits.parse().map(Json::Number).map_err(A::Error::custom);
        }
        if repeats(&object) {
            return Err(A::Error::custom("a repeated name"));
        }
        Ok(Json::Object(object))
    }
}

/// A member's name, borrowed if it has no escapes.
struct Name<'j>(Cow<'j, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(AnyValue { members: 0 })? {
            Json::Text(name) => Ok(Self(name)),
            _ => Err(D::Error::custom("a name")),
        }
    }
}

fn repeats(members: &[(Cow<'_, str>, Json<'_>)]) -> bool {
    if members.len() <= FEW {
        let repeated = |(at, (name, _)): (usize, &(Cow<'_, str>, _))| {
            members.iter().skip(at + 1).any(|(other, _)| other == name)
        };
        return members.iter().enumerate().any(repeated);
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
}

/// The number of members in most tokens.
const MEMBERS: usize = 12;

/// Up to this number, each name is compared with each, which needs no memory.
const FEW: usize = 16;

/// The name under which serde_json passes numbers on if another crate has enabled its
/// `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_their_types() {
        let json = Json::read(r#"{"a":"x\u0041","b":[1,-2.5,true,null],"c":{"d":{}}}"#).unwrap();
        assert_eq!(json.get("a").and_then(Json::text), Some("xA"));
        let Some(Json::List(list)) = json.get("b") else { panic!() };
        assert!(matches!(&**list, [Json::Number(1.0), Json::Number(-2.5), Json::True, Json::Null]));
        assert!(json.get("c").and_then(|c| c.get("d")).is_some());
        assert!(json.get("d").is_none());
        assert_eq!(Json::read(r#"["a","b"]"#).unwrap().texts(), Some(vec!["a", "b"]));
        assert!(Json::read(r#"["a",1]"#).unwrap().texts().is_none());
    }

    #[test]
    fn a_repeated_name_is_refused_however_deep_and_however_it_is_written() {
        for text in [
            r#"{"exp":1,"exp":2}"#,
            r#"{"exp":1,"\u0065xp":2}"#,
            r#"{"a":[{"b":{"c":1,"c":1}}]}"#,
            r#"{"a":1,"b":2,"c":3,"d":4,"a":5}"#,
        ] {
            assert!(Json::read(text).is_none(), "{text}");
        }
        for count in [2, 15, 16, 17, 100] {
            let members: Vec<_> = (0..count).map(|at| format!(r#""m{at}":{at}"#)).collect();
            assert!(Json::read(&format!("{{{}}}", members.join(","))).is_some(), "{count}");
            let repeated = format!(r#"{{"m{}":0,{}}}"#, count - 1, members.join(","));
            assert!(Json::read(&repeated).is_none(), "{count}");
        }
        assert!(Json::read(r#"{"a":{"x":1},"b":{"x":1}}"#).is_some());
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in
            ["", "{", "{}x", "{} {}", "'a'", "{\"a\":1,}", "NaN", "1e999", "{\"a\":\"\u{1}\"}", "\u{feff}{}"]
        {
            assert!(Json::read(text).is_none(), "{text}");
        }
        assert!(Json::read(&"[".repeat(10_000)).is_none());
    }

    #[test]
    fn numbers_with_any_precision_are_numbers() {
        let json = Json::read(r#"{"exp":{"$serde_json::private::Number":"12.5"}}"#).unwrap();
        assert_eq!(json.get("exp").and_then(Json::number), Some(12.5));
    }
}
