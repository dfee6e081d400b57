//! The portal's home page.

use serde_json::Value;

use crate::corpus_runner::portal::Portal;

/// Members of the demo credentials that are no secrets.
const PUBLIC: &[&str] = &[
    "username",
    "owner",
    "user",
    "org",
    "app",
    "apps",
    "id",
    "client_id",
    "issuer",
    "jwks_uri",
    "uuid",
    "sub",
    "type",
    "scopes",
    "redirect_uri",
    "callback_prefix",
];

#[tokio::test]
async fn the_home_page_has_the_printed_commands_without_their_secrets() {
    for flags in [&["--assume-secure"][..], &[]] {
        let portal = Portal::start_with(flags).await;
        let answer = portal.ask("GET /", &[]).await;
        assert_eq!(
            (answer.status, answer.all("content-type")),
            (200, vec![b"text/html; charset=utf-8".as_slice()])
        );
        let html = String::from_utf8(answer.body).unwrap();
        let credentials = portal.credentials.clone();
        let mut secrets = Vec::new();
        collect("", &credentials, &mut secrets);
        assert!(secrets.len() > 60, "{}", secrets.len());
        assert!(secrets.iter().all(|secret| !html.contains(secret)));

        let ca = format!("'{}'", portal.data().join("ca.pem").display());
        let shown: Vec<String> = commands(&html).map(|command| filled(&command, &credentials, &ca)).collect();
        let said = portal.stop().await.unwrap();
        let printed: Vec<_> = said.printed.lines().filter(|line| line.starts_with("curl ")).collect();
        assert_eq!(shown, printed);
        assert!(shown.len() > 15);
    }
}

#[tokio::test]
async fn every_link_of_the_home_page_leads_to_something() {
    let portal = Portal::start_with(&["--assume-secure"]).await;
    let html = String::from_utf8(portal.ask("GET /", &[]).await.body).unwrap();
    let links: Vec<_> = html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.len() >= 5, "{links:?}");
    for link in links {
        let answer = portal.ask(&format!("GET {link}"), &[]).await;
        assert!(matches!(answer.status, 200 | 303), "{link}: {}", answer.status);
    }
}

/// The policy allows the page's one style and no other, and nothing on the page needs more.
#[tokio::test]
async fn the_home_page_needs_no_script_and_nothing_from_elsewhere() {
    let portal = Portal::start_with(&["--assume-secure"]).await;
    let answer = portal.ask("GET /", &[]).await;
    let policy = String::from_utf8(answer.all("content-security-policy").concat()).unwrap();
    let html = String::from_utf8(answer.body).unwrap();
    let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    assert!(style.contains("prefers-color-scheme: dark") && style.contains(".links"));
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, style.as_bytes());
    let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash);
    assert!(policy.starts_with(&format!("default-src 'none'; style-src 'sha256-{hash}';")), "{policy}");
    for tag in html.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()) {
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(!["script", "link", "img"].contains(&name), "{tag}");
        assert!(["style=", "on", "src="].iter().all(|start| !attributes.starts_with(start)), "{tag}");
    }
    assert!(!style.contains("url(") && !style.contains("@import"));
}

/// Collects the secrets among the demo credentials.
fn collect<'v>(name: &str, value: &'v Value, secrets: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| collect(name, value, secrets)),
        Value::Array(values) => values.iter().for_each(|value| collect(name, value, secrets)),
        Value::String(text) if !PUBLIC.contains(&name) => secrets.push(text),
        _ => {}
    }
}

/// Returns the commands of the page as a browser shows them.
fn commands(html: &str) -> impl Iterator<Item = String> {
    html.split("<code class=\"command\">").skip(1).map(|rest| {
        let text = rest.split("</code>").next().unwrap();
        let references = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
        references.iter().fold(text.to_owned(), |text, (reference, plain)| text.replace(reference, plain))
    })
}

/// Does what a shell does with a command of the page, and quotes it as the printed ones.
fn filled(command: &str, credentials: &Value, ca: &str) -> String {
    let command = command.replace("\"$DATA/ca.pem\"", ca).replace('"', "'").replace("\\$", "$");
    let mut parts = command.split("$(demo ");
    let mut filled = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, after) = part.split_once(')').unwrap();
        let value = name.split('.').fold(credentials, |value, key| &value[key]);
        filled = filled + value.as_str().unwrap() + after;
    }
    filled
}
