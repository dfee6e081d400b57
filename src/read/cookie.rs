//! The grammar of cookies: `Cookie = cookie-pair *( ";" SP cookie-pair )` (RFC 6265 section 4.2.1).

use crate::credential::ReadError;
use http::HeaderValue;
use http::header::GetAll;

/// Returns the value of the cookie with this name, without the quotes around it. Returns `None` if
/// there is no such cookie.
///
/// Several lines count as one, as HTTP/2 allows (RFC 9113 section 8.2.3). A name that occurs twice
/// is ambiguous, even with equal values. A name without a value and an unbalanced quote are
/// malformed.
pub(crate) fn find<'r>(lines: GetAll<'r, HeaderValue>, name: &str) -> Result<Option<&'r [u8]>, ReadError> {
    let mut found = None;
    for pair in lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';')) {
        let Some(value) = value_of(trim(pair), name) else { continue };
        if found.is_some() {
            return Err(ReadError::Ambiguous);
        }
        found = Some(value);
    }
    found.map(unquote).transpose()
}

/// Returns the raw value of a pair with this name; empty if there is no equals sign.
fn value_of<'r>(pair: &'r [u8], name: &str) -> Option<&'r [u8]> {
    match pair.strip_prefix(name.as_bytes())? {
        [] => Some(&[]),
        [b'=', value @ ..] => Some(trim(value)),
        // Spaces and tabs around a name are not part of it: `name =value`.
        rest => match trim(rest) {
            [b'=', value @ ..] if rest.starts_with(b" ") || rest.starts_with(b"\t") => Some(trim(value)),
            _ => None,
        },
    }
}

fn unquote(value: &[u8]) -> Result<&[u8], ReadError> {
    let bare = match value {
        [b'"', inner @ .., b'"'] => inner,
        other => other,
    };
    if bare.is_empty() || bare.contains(&b'"') { Err(ReadError::Malformed) } else { Ok(bare) }
}

fn trim(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::COOKIE;

    use super::*;

    fn find_in(lines: &[&str]) -> Result<Option<String>, ReadError> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let found = find(headers.get_all(COOKIE), "token")?;
        Ok(found.map(|value| String::from_utf8(value.to_vec()).unwrap()))
    }

    #[test]
    fn a_cookie_is_found_by_its_exact_name_in_any_line() {
        for (lines, expected) in [
            (&["theme=dark; token=t"][..], Some("t")),
            (&["token=t;theme=dark"], Some("t")),
            (&["theme=dark", "token=t", "x=y"], Some("t")),
            (&["token=\"t\""], Some("t")),
            (&["token =t"], Some("t")),
            (&["token=a=b"], Some("a=b")),
            (&["caf\u{e9}=\u{e9}; token=t"], Some("t")),
            (&[], None),
            (&["theme=dark"], None),
            (&["Token=t; TOKEN=t; xtoken=t; tokenx=t; __Host-token=t"], None),
            (&["=token=t; theme=token=t; \"token=t\""], None),
        ] {
            assert_eq!(find_in(lines), Ok(expected.map(str::to_owned)), "{lines:?}");
        }
    }

    #[test]
    fn a_repeated_cookie_is_ambiguous_and_an_empty_one_malformed() {
        for lines in
            [&["token=t; token=t"][..], &["token=t", "token=u"], &["token=t; token"], &["token=; token=t"]]
        {
            assert_eq!(find_in(lines), Err(ReadError::Ambiguous), "{lines:?}");
        }
        for line in
            ["token", "token=", "token=\"\"", "token=\"", "token=\"t", "token=t\"", "token=t\"u", "token = "]
        {
            assert_eq!(find_in(&[line]), Err(ReadError::Malformed), "{line}");
        }
    }
}
