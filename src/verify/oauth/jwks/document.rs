//! Documents with keys, from a file or from a server, read by one rule.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Json, Key, LeftOut, read_key, read_key_file};

/// The keys of a document, and the keys in it that cannot verify signatures.
#[derive(Debug)]
pub(in crate::verify::oauth) struct Document {
    pub(in crate::verify::oauth) keys: Vec<Key>,
    pub(in crate::verify::oauth) left_out: Vec<LeftOut>,
}

#[derive(Deserialize)]
struct JwkSet<'j> {
    #[serde(borrow)]
    keys: Vec<&'j RawValue>,
}

impl Document {
    /// Reads a JWK set (RFC 7517 section 5), one JWK, or an object with a certificate or PEM public
    /// key under each `kid` (Firebase, Google). Returns `None` if the text is none of these, or has
    /// more than 100 keys.
    pub(in crate::verify::oauth) fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let read: Vec<_> = match serde_json::from_str::<JwkSet<'_>>(text) {
            Ok(set) if set.keys.len() > KEYS => return None,
            Ok(set) => set.keys.into_iter().map(|key| read_key(key.get())).collect(),
            Err(_) => match Json::read(text) {
                Some(json @ Json::Object(_)) if json.get("kty").is_some() => vec![read_key(text)],
                Some(Json::Object(members)) => of_pem(&members)?,
                // A single key that repeats a name has its own reason.
                _ if text.contains("\"kty\"") && !text.contains("\"keys\"") => vec![read_key(text)],
                _ => return None,
            },
        };
        let mut document = Self { keys: Vec::new(), left_out: Vec::new() };
        for key in read {
            match key {
                Ok(key) => document.keys.push(key),
                Err(left_out) => document.left_out.push(left_out),
            }
        }
        Some(document)
    }

    /// Leaves shared secrets out.
    pub(in crate::verify::oauth) fn without_secrets(mut self, why: &'static str) -> Self {
        let (secrets, keys): (Vec<_>, Vec<_>) = self.keys.into_iter().partition(Key::is_secret);
        self.left_out.extend(secrets.into_iter().map(|key| LeftOut { id: key.id, why }));
        self.keys = keys;
        self
    }
}

/// Returns keys in PEM by their `kid`, or `None` if no member is PEM.
fn of_pem(members: &[(impl AsRef<str>, Json<'_>)]) -> Option<Vec<Result<Key, LeftOut>>> {
    let is_pem = |value: &Json<'_>| value.text().is_some_and(|text| text.contains("-----BEGIN "));
    if members.len() > KEYS || !members.iter().any(|(_, value)| is_pem(value)) {
        return None;
    }
    let read = |(id, value): &(_, Json<'_>)| {
        let id = Some(Box::from(AsRef::<str>::as_ref(id)));
        match read_key_file(None, value.text().unwrap_or_default().as_bytes()) {
            Ok(mut key) => {
                key.id = id;
                Ok(key)
            }
            Err(why) => Err(LeftOut { id, why }),
        }
    };
    Some(members.iter().map(read).collect())
}

/// The maximum number of keys in a document.
const KEYS: usize = 100;
