//! Credentials that are nearly good.

use crate::credential::{ClientKind, Credential, Pair, Secret};

/// A credential and its difference from a good one. The description quotes none of it.
pub(super) type Mutation = (&'static str, Credential<'static>);

/// Returns the texts of a credential: the id, if there is one, and the secret.
pub(super) fn texts<'c>(credential: &'c Credential<'_>) -> (Option<&'c str>, Secret<'c>) {
    match credential {
        Credential::AccessToken(secret) | Credential::AppToken(secret) | Credential::ApiKey(secret) => {
            (None, secret.reborrow())
        }
        Credential::KeyPair(pair) | Credential::Client(_, pair) | Credential::Password(pair) => {
            (Some(pair.id()), pair.secret())
        }
    }
}

/// Returns true if both are the same credential.
pub(super) fn same(one: &Credential<'_>, other: &Credential<'_>) -> bool {
    let ((id, secret), (other_id, other_secret)) = (texts(one), texts(other));
    one.kind() == other.kind() && id == other_id && secret.ct_eq(&other_secret)
}

/// Returns variants of a credential with one part that is nearly right.
pub(super) fn near_misses(credential: &Credential<'_>) -> Vec<Mutation> {
    let (id, secret) = texts(credential);
    let secret = secret.expose_secret();
    let with = |id: Option<String>, secret: String| like(credential, id, secret);
    let own = || id.map(str::to_owned);
    let mut mutations = vec![
        ("with one more character", with(own(), format!("{secret}x"))),
        ("with a character before it", with(own(), format!("x{secret}"))),
        ("with a space after it", with(own(), format!("{secret} "))),
        ("with a space before it", with(own(), format!(" {secret}"))),
        ("with a NUL after it", with(own(), format!("{secret}\0"))),
        ("without its last character", with(own(), all_but_last(secret))),
        ("in the other case", with(own(), other_case(secret))),
        ("twice", with(own(), secret.repeat(2))),
        ("twice with a NUL between", with(own(), format!("{secret}\0{secret}"))),
        ("with an empty secret", with(own(), String::new())),
    ];
    if let Some(id) = id {
        let shifted: String = id.chars().next_back().into_iter().chain(secret.chars()).collect();
        let first: String = secret.chars().take(1).collect();
        let rest: String = secret.chars().skip(1).collect();
        let mut add = |how, id: String, secret: String| mutations.push((how, with(Some(id), secret)));
        add("with one more character in its id", format!("{id}x"), secret.to_owned());
        add("with an id and a NUL", format!("{id}\0"), secret.to_owned());
        add("with an id and a space", format!("{id} "), secret.to_owned());
        add("with a space before the id", format!(" {id}"), secret.to_owned());
        add("with an id in the other case", other_case(id), secret.to_owned());
        add("with an id without its last character", all_but_last(id), secret.to_owned());
        add("with an empty id", String::new(), secret.to_owned());
        add("with its halves exchanged", secret.to_owned(), id.to_owned());
        add("with the id as the secret", id.to_owned(), id.to_owned());
        add("split a character earlier", all_but_last(id), shifted);
        add("split a character later", format!("{id}{first}"), rest.clone());
        add("split at another colon", format!("{id}:{first}"), rest);
    }
    mutations.extend(truncations(credential));
    mutations.retain(|(_, mutation)| !same(mutation, credential));
    mutations
}

/// Returns variants whose secret differs after 72 bytes, which is the length that bcrypt uses. Only
/// for longer secrets.
pub(super) fn truncations(credential: &Credential<'_>) -> Vec<Mutation> {
    let (id, secret) = texts(credential);
    let secret = secret.expose_secret();
    let mut ends = secret.char_indices().map(|(at, _)| at).skip_while(|at| *at < CUT);
    let Some((head, _)) = ends.next().and_then(|at| secret.split_at_checked(at)) else { return Vec::new() };
    let with = |secret: String| like(credential, id.map(str::to_owned), secret);
    vec![
        ("cut at 72 bytes", with(head.to_owned())),
        ("with a different end after 72 bytes", with(format!("{head}another end"))),
    ]
}

/// Returns the same text as a credential of every other kind.
pub(super) fn as_other_kinds(credential: &Credential<'_>) -> Vec<Mutation> {
    let (id, secret) = texts(credential);
    let secret = secret.expose_secret();
    let mut mutations = Vec::new();
    match id {
        Some(id) => {
            mutations.extend(of_one(secret));
            mutations.extend(of_one(id));
            mutations.extend(of_one(&format!("{id}:{secret}")));
            mutations.extend(of_two(id, secret));
        }
        None => {
            mutations.extend(of_one(secret));
            for (id, half) in [(secret, ""), ("", secret), (secret, secret)] {
                mutations.extend(of_two(id, half));
            }
        }
    }
    mutations.retain(|(_, mutation)| mutation.kind() != credential.kind());
    mutations
}

/// Returns texts that no credential has, as credentials of every kind.
pub(super) fn odd_texts() -> Vec<Mutation> {
    let long = "a".repeat(8 * 1024);
    let texts = [
        "",
        " ",
        "\0",
        "a\0b",
        "\n",
        "\r\n",
        "\u{7f}",
        "\u{e9}",
        "\u{1f600}",
        "\u{feff}",
        "\u{202e}",
        "'",
        "' OR '1'='1",
        "\"",
        "\\",
        "%00",
        "%s%n",
        "${user}",
        "{}",
        "null",
        "*",
        "../../etc/passwd",
        "a:b:c",
        "a.b.c",
        "=",
        "Bearer x",
        &long,
    ];
    let all = |text: &&str| {
        let mut mutations = of_one(text);
        mutations.extend(of_two(text, text));
        mutations.extend(of_two("alice", text));
        mutations
    };
    texts.iter().flat_map(all).collect()
}

fn of_one(text: &str) -> Vec<Mutation> {
    let secret = || Secret::owned(text);
    vec![
        ("as an access token", Credential::AccessToken(secret())),
        ("as an app token", Credential::AppToken(secret())),
        ("as an API key", Credential::ApiKey(secret())),
    ]
}

fn of_two(id: &str, secret: &str) -> Vec<Mutation> {
    let pair = || Pair::new(Secret::owned(id), Secret::owned(secret));
    vec![
        ("as a password", Credential::Password(pair())),
        ("as a key pair", Credential::KeyPair(pair())),
        ("as a client's secret", Credential::Client(ClientKind::from_id(id), pair())),
    ]
}

/// Returns a credential of the same kind with other texts.
fn like(credential: &Credential<'_>, id: Option<String>, secret: String) -> Credential<'static> {
    let pair = |id: String, secret: String| Pair::new(Secret::owned(id), Secret::owned(secret));
    let id = id.unwrap_or_default();
    match credential {
        Credential::AccessToken(_) => Credential::AccessToken(Secret::owned(secret)),
        Credential::AppToken(_) => Credential::AppToken(Secret::owned(secret)),
        Credential::ApiKey(_) => Credential::ApiKey(Secret::owned(secret)),
        Credential::KeyPair(_) => Credential::KeyPair(pair(id, secret)),
        Credential::Client(kind, _) => Credential::Client(*kind, pair(id, secret)),
        Credential::Password(_) => Credential::Password(pair(id, secret)),
    }
}

fn all_but_last(text: &str) -> String {
    let mut text = text.to_owned();
    text.pop();
    text
}

fn other_case(text: &str) -> String {
    let swap = |letter: char| match letter.is_ascii_lowercase() {
        true => letter.to_ascii_uppercase(),
        false => letter.to_ascii_lowercase(),
    };
    text.chars().map(swap).collect()
}

/// The number of bytes of a password that bcrypt uses.
const CUT: usize = 72;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearly_good_is_never_the_good_one_itself() {
        let pair = || Pair::new(Secret::borrowed("alice"), Secret::borrowed("Pa:ss1"));
        for credential in [
            Credential::AccessToken(Secret::borrowed("t0ken")),
            Credential::ApiKey(Secret::borrowed("key")),
            Credential::KeyPair(pair()),
            Credential::Password(pair()),
            Credential::Client(ClientKind::Other, pair()),
        ] {
            for (how, mutation) in near_misses(&credential).into_iter().chain(as_other_kinds(&credential)) {
                assert!(!same(&mutation, &credential), "{how}");
            }
            assert!(
                near_misses(&credential).iter().all(|(_, mutation)| mutation.kind() == credential.kind())
            );
            assert!(as_other_kinds(&credential).len() >= 8);
            assert!(same(&credential, &credential.reborrow()));
            assert!(truncations(&credential).is_empty());
        }
    }

    #[test]
    fn what_is_cut_has_the_first_72_bytes_of_a_longer_secret() {
        for (secret, heads) in [
            ("x".repeat(72), None),
            ("x".repeat(73), Some(72)),
            ("x".repeat(71) + "ü" + "y", Some(73)),
            ("x".repeat(71) + "ü", None),
            ("x".repeat(4_000), Some(72)),
        ] {
            let cut = truncations(&Credential::AccessToken(Secret::borrowed(&secret)));
            assert_eq!(cut.is_empty(), heads.is_none(), "{}", secret.len());
            for (_, mutation) in &cut {
                let (_, mutation) = texts(mutation);
                let head = &secret[..heads.unwrap()];
                assert!(mutation.expose_secret().starts_with(head) && mutation.expose_secret() != secret);
            }
        }
    }
}
