//! The place of a claim.

use serde_json::Value;

use super::Json;

/// The place of a claim: its name, or a JSON Pointer (RFC 6901) for one inside another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verify) struct Path(pub(super) Vec<Box<str>>);

impl Path {
    pub(in crate::verify) fn new(path: &str) -> Self {
        // `~1` before `~0`, as RFC 6901 section 4 requires.
        let step = |step: &str| step.replace("~1", "/").replace("~0", "~").into_boxed_str();
        Self(match path.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(step).collect(),
            None => vec![path.into()],
        })
    }

    pub(super) fn in_value<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, |value, step| value.get(&**step))
    }

    /// Returns true if it is the empty name.
    #[cfg(feature = "jwt")]
    pub(in crate::verify) fn is_empty(&self) -> bool {
        matches!(&*self.0, [name] if name.is_empty())
    }

    pub(in crate::verify) fn in_json<'a, 'j>(&self, json: &'a Json<'j>) -> Option<&'a Json<'j>> {
        self.0.iter().try_fold(json, |json, step| json.get(step))
    }
}
