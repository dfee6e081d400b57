//! Topics that an answer depends on, in 64 bits each.
//!
//! A principal does not name its credential's client or the client's owner, and names its user only
//! in part. So a look-up returns the topics of every row that it read, or would have read if it
//! existed. A change has a topic as well. If two topics are the same by accident, an answer is
//! looked up once more.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::{Digest, Kind};

/// Returns the topic of a credential. If it is a client, the topic also covers what is issued to
/// it.
pub(super) fn credential(kind: Kind, tenant: &str, id: &str) -> u64 {
    of(("credential", kind.as_str(), tenant, id))
}

/// Returns the topic of a user of this name, or of its absence, with grants and assignments.
pub(super) fn user(tenant: &str, name: &str) -> u64 {
    of(("user", "", tenant, name))
}

/// Returns the topic of a digest that may be put on the denial list.
pub(super) fn denied(digest: &Digest) -> u64 {
    let mut hasher = DefaultHasher::new();
    ("denied", digest.as_bytes()).hash(&mut hasher);
    hasher.finish()
}

fn of(topic: (&str, &str, &str, &str)) -> u64 {
    let mut hasher = DefaultHasher::new();
    topic.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_of_different_things_differ() {
        let all = [
            credential(Kind::ApiKey, "", "a"),
            credential(Kind::Client, "", "a"),
            credential(Kind::ApiKey, "a", ""),
            credential(Kind::ApiKey, "a", "a"),
            user("", "a"),
            user("a", ""),
            user("", "A"),
            denied(&Digest::from_parts(&[])),
            denied(&Digest::from_parts(&[b"a"])),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
        assert_eq!(user("", "a"), user("", "a"));
    }
}
