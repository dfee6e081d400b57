//! A readable notation for bytes: `\xE9`, `\r`, `\n`, `\t`, `\0`, `\\`, and `{{placeholders}}`.
//!
//! A placeholder is a path into the demo credentials (`{{opendatasoft.access_token.token}}`),
//! `{{canary}}`, `{{number}}` in a flood, `{{repeat:TEXT:TIMES}}`, or a function of a text that may
//! itself contain placeholders: `{{base64:{{socrata.user.username}}:wrong}}`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use serde_json::Value;

/// Fills in templates, and records the secrets among the filled-in texts.
pub(crate) struct Filler<'c> {
    credentials: &'c Value,
    canary: String,
    number: usize,
    secrets: Vec<Vec<u8>>,
}

/// The last parts of paths into the demo credentials whose values are public.
pub(crate) const PUBLIC: [&str; 10] =
    ["id", "username", "uuid", "sub", "owner", "user", "org", "app", "client_id", "redirect_uri"];

/// The app token is the client id in Socrata's server flow, so browsers show it in their address.
const CLIENT_ID: &str = "socrata.app.token";

impl<'c> Filler<'c> {
    /// The canary contains the case's id, so that a leaked canary shows its origin.
    pub(crate) fn new(credentials: &'c Value, id: &str) -> Self {
        let hex: String = id.bytes().map(|byte| format!("{byte:02x}")).collect();
        Self::with_canary(credentials, format!("{hex:c<32}"))
    }

    pub(crate) const fn with_canary(credentials: &'c Value, canary: String) -> Self {
        Self { credentials, canary, number: 0, secrets: Vec::new() }
    }

    /// Fills in one request of a flood.
    pub(crate) fn numbered(self, number: usize) -> Self {
        Self { number, ..self }
    }

    pub(crate) fn fill(&mut self, template: &str) -> Vec<u8> {
        let mut rest = template;
        let filled = self.until_end(&mut rest);
        assert!(rest.is_empty(), "unbalanced braces in {template:?}");
        filled
    }

    /// Returns every secret that was filled in.
    pub(crate) fn secrets(&self) -> &[Vec<u8>] {
        &self.secrets
    }

    /// Fills in text up to its end, or up to the end of the placeholder that contains it.
    fn until_end(&mut self, rest: &mut &str) -> Vec<u8> {
        let mut filled = Vec::new();
        while !rest.is_empty() && !rest.starts_with("}}") {
            if let Some(inner) = rest.strip_prefix("{{") {
                *rest = inner;
                filled.extend(self.placeholder(rest));
                *rest = rest.strip_prefix("}}").expect("a placeholder ends with }}");
            } else {
                filled.extend(literal(rest));
            }
        }
        filled
    }

    fn placeholder(&mut self, rest: &mut &str) -> Vec<u8> {
        let end = rest.find([':', '}']).expect("a placeholder ends");
        let (name, after) = rest.split_at(end);
        *rest = after;
        let Some(argument) = after.strip_prefix(':') else {
            return match name {
                "canary" => self.secret(self.canary.clone().into_bytes()),
                "number" => self.number.to_string().into_bytes(),
                _ => self.look_up(name),
            };
        };
        *rest = argument;
        let known = self.secrets.len();
        let argument = self.until_end(rest);
        let of_secret = self.secrets.len() > known;
        match name {
            "repeat" => repeated(&argument),
            "base64" => self.secret(STANDARD.encode(argument).into_bytes()),
            "base64-unpadded" => self.secret(STANDARD_NO_PAD.encode(argument).into_bytes()),
            "base64-url" => self.secret(URL_SAFE.encode(argument).into_bytes()),
            "percent" => {
                self.secret(argument.iter().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect())
            }
            // A public text in another notation is public as well.
            "upper" => self.secret_if(of_secret, argument.to_ascii_uppercase()),
            "lower" => self.secret_if(of_secret, argument.to_ascii_lowercase()),
            "cut" => self.secret_if(of_secret, argument[..argument.len() - 1].to_vec()),
            "swap" => self.secret_if(of_secret, swapped(argument)),
            _ => panic!("no such function: {name}"),
        }
    }

    fn look_up(&mut self, path: &str) -> Vec<u8> {
        let value = path.split('.').fold(self.credentials, |value, step| match step.parse::<usize>() {
            Ok(at) => &value[at],
            Err(_) => &value[step],
        });
        let text = value.as_str().unwrap_or_else(|| panic!("no demo credential is {path}"));
        let public = path.split('.').next_back().is_some_and(|last| PUBLIC.contains(&last));
        let public = public || path == CLIENT_ID;
        if public { text.into() } else { self.secret(text.into()) }
    }

    fn secret_if(&mut self, is_secret: bool, text: Vec<u8>) -> Vec<u8> {
        if is_secret { self.secret(text) } else { text }
    }

    fn secret(&mut self, secret: Vec<u8>) -> Vec<u8> {
        self.secrets.push(secret.clone());
        secret
    }
}

/// Reads one character of text, or one escape.
fn literal(rest: &mut &str) -> Vec<u8> {
    let first = rest.chars().next().expect("not empty");
    let (bytes, length) = match (first, rest.as_bytes().get(1)) {
        ('\\', Some(b'r')) => (b"\r".to_vec(), 2),
        ('\\', Some(b'n')) => (b"\n".to_vec(), 2),
        ('\\', Some(b't')) => (b"\t".to_vec(), 2),
        ('\\', Some(b'0')) => (b"\0".to_vec(), 2),
        ('\\', Some(b'\\')) => (b"\\".to_vec(), 2),
        ('\\', Some(b'x')) => {
            let digits = rest.get(2..4).expect("two digits follow \\x");
            (vec![u8::from_str_radix(digits, 16).expect("hexadecimal digits follow \\x")], 4)
        }
        ('\\', _) => panic!("no such escape in {rest:?}"),
        (character, _) => (character.to_string().into_bytes(), character.len_utf8()),
    };
    *rest = &rest[length..];
    bytes
}

/// Returns the text of `TEXT:TIMES`.
fn repeated(argument: &[u8]) -> Vec<u8> {
    let colon = argument.iter().rposition(|byte| *byte == b':').expect("repeat:TEXT:TIMES");
    let times = std::str::from_utf8(&argument[colon + 1..]).unwrap().parse().expect("a number of times");
    argument[..colon].repeat(times)
}

/// Returns the text with another last character.
fn swapped(mut argument: Vec<u8>) -> Vec<u8> {
    let last = argument.last_mut().expect("not empty");
    *last = if *last == b'a' { b'b' } else { b'a' };
    argument
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn templates_are_filled_in_and_secrets_remembered() {
        let credentials =
            json!({ "p": { "user": { "username": "u", "password": "pw" }, "tokens": ["t0", "t1"] } });
        for (template, bytes) in [
            (r"a\r\n\t\0\\\xE9ü", &b"a\r\n\t\0\\\xe9\xc3\xbc"[..]),
            ("{{p.user.username}}:{{p.user.password}}", b"u:pw"),
            ("Basic {{base64:{{p.user.username}}:{{p.user.password}}}}", b"Basic dTpwdw=="),
            ("{{p.tokens.1}}{{swap:{{p.tokens.0}}}}{{cut:abc}}", b"t1taab"),
            ("{{repeat:ab:3}}", b"ababab"),
            ("{{percent:a/}}{{upper:a}}", b"%61%2FA"),
            ("{a}", b"{a}"),
        ] {
            assert_eq!(Filler::new(&credentials, "A01").fill(template), bytes, "{template}");
        }
        let mut filler = Filler::new(&credentials, "A01");
        assert_eq!(filler.fill("{{canary}}{{p.user.username}}"), b"413031ccccccccccccccccccccccccccu");
        assert_eq!(filler.secrets(), [b"413031cccccccccccccccccccccccccc"]);
        assert_eq!(filler.fill("{{cut:{{p.user.username}}x}}{{cut:{{p.user.password}}}}"), b"up");
        assert_eq!(filler.secrets()[1..], [b"pw".to_vec(), b"p".to_vec()]);
    }
}
