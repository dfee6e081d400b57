//! The search for a request's secrets in a text, in every usual encoding.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shorter secrets can appear in a text by chance.
const SHORTEST: usize = 8;

/// Returns the first secret that a text contains: unchanged, percent-encoded, in hexadecimal or in
/// base64 at any of its three offsets. Ignores the case of letters.
pub(crate) fn find<'s>(text: &[u8], secrets: &'s [Vec<u8>]) -> Option<&'s [u8]> {
    let text = text.to_ascii_lowercase();
    let leaked = |secret: &[u8]| {
        secret.len() >= SHORTEST
            && writings(secret).any(|written| holds(&text, &written.to_ascii_lowercase()))
    };
    secrets.iter().map(Vec::as_slice).find(|secret| leaked(secret))
}

/// Returns all secrets that a long text contains unchanged. Encodings are not searched, because the
/// text is long and the secrets are many.
pub(crate) fn all(text: &[u8], secrets: &[Vec<u8>]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let mut found: Vec<String> = secrets
        .iter()
        .filter(|secret| secret.len() >= 2 * SHORTEST)
        .filter_map(|secret| std::str::from_utf8(secret).ok())
        .filter(|secret| text.contains(secret))
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

fn writings(secret: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    // A hundred bytes identify a long secret as well as all of its bytes do.
    let secret = secret[..secret.len().min(100)].to_vec();
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = secret.iter().map(|byte| format!("%{byte:02x}")).collect();
    let partly = form_urlencoded(&secret);
    let base64 = (0..3).flat_map({
        let secret = secret.clone();
        move |offset| {
            // Only whole groups, because the text before and after changes the others.
            let skipped = (3 - offset) % 3;
            let whole = &secret[skipped..secret.len() - (secret.len() - skipped) % 3];
            [STANDARD_NO_PAD.encode(whole).into_bytes(), URL_SAFE_NO_PAD.encode(whole).into_bytes()]
        }
    });
    [secret, hex.into_bytes(), percent.into_bytes(), partly].into_iter().chain(base64)
}

fn form_urlencoded(secret: &[u8]) -> Vec<u8> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~*".contains(&byte);
    let encode = |byte: &u8| if plain(*byte) { vec![*byte] } else { format!("%{byte:02x}").into_bytes() };
    secret.iter().flat_map(encode).collect()
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    let Some(first) = part.first() else { return false };
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(part) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn a_secret_is_found_in_every_usual_writing() {
        let secrets = [b"s3cr/t-0123456789".to_vec()];
        let written = |bytes: &[u8]| find(bytes, &secrets).is_some();
        assert!(written(b"x S3CR/T-0123456789 y") && written(b"s3cr%2Ft-0123456789"));
        assert!(written(b"733363722f742d30313233343536373839"));
        for before in ["", "a", "ab", "abc"] {
            let text = STANDARD.encode(format!("{before}s3cr/t-0123456789 and more"));
            assert!(written(text.as_bytes()), "{text}");
        }
        assert!(!written(b"s3cr/t-012345678") && !written(b""));
        assert_eq!(all(b"x s3cr/t-0123456789 \xff", &secrets), ["s3cr/t-0123456789"]);
        assert!(all(b"x s3cr/t-012345678", &secrets).is_empty());
        assert!(find(b"short", &[b"short".to_vec()]).is_none());
    }
}
