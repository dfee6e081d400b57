//! Every page with every kind of value.
#![cfg(test)]
#![allow(clippy::panic, reason = "a failed test panics")]

mod check;
mod samples;

use std::time::Duration;

use self::check::{Document, contrast};
use self::samples::{Texts, pages};
use super::*;

/// Texts that end an attribute, an element or a writing direction, or are very long.
const HOSTILE: &[&str] = &[
    r#""><script>alert(1)</script>"#,
    "' onfocus='alert(1)",
    "&lt;b&gt; & <b>",
    "</title></style><style>*{display:none}",
    "\u{202e}elpmaxe.live",
    "{{ 7 * 7 }}{% include \"x\" %}",
];

fn everything(text: &str) -> Vec<(&'static str, String)> {
    pages(&StandardPages::named(text.to_owned()), &Texts::all(text))
}

#[test]
fn req_82_hostile_texts_are_text_on_every_page() {
    let long = "<b>'\"&".repeat(2_000);
    for &text in HOSTILE.iter().chain([&long.as_str()]) {
        for (name, html) in everything(text) {
            let page = Document::parse(&html).unwrap_or_else(|error| panic!("{name}: {error}"));
            let harmless = Document::parse(&everything_named(name)).unwrap();
            // The elements and the names of their attributes are those of a page with plain texts.
            assert_eq!(page.skeleton(), harmless.skeleton(), "{name}: {text}");
            assert!(page.texts().any(|shown| shown.contains(text)), "{name} shows {text}");
        }
    }
}

#[test]
fn names_cannot_turn_the_text_around_them() {
    let turned = "\u{202e}elpmaxe.live";
    for (name, html) in pages(&StandardPages::new(), &Texts::all(turned)) {
        let page = Document::parse(&html).unwrap();
        for element in page.elements_of_text(turned) {
            assert_eq!(element, "bdi", "{name}");
        }
    }
}

#[test]
fn every_form_has_the_token_and_is_posted_to_the_server() {
    let mut forms = 0;
    for (name, html) in pages(&StandardPages::new(), &Texts::plain()) {
        let page = Document::parse(&html).unwrap();
        for form in page.all("form") {
            forms += 1;
            assert_eq!(form.attribute("method"), Some("post"), "{name}");
            assert!(form.attribute("action").is_some_and(|action| action.starts_with('/')), "{name}");
            let tokens = page.within(form, "input").filter(|input| {
                (input.attribute("type"), input.attribute("name")) == (Some("hidden"), Some("form_token"))
            });
            let tokens: Vec<_> = tokens.map(|input| input.attribute("value")).collect();
            assert_eq!(tokens, [Some(samples::TOKEN)], "{name}");
            assert!(page.within(form, "button").count() > 0, "{name}");
        }
    }
    assert!(forms >= 10, "{forms}");
}

#[test]
fn the_hidden_fields_of_a_form_are_those_of_the_server() {
    let form = FormStart::new("/log?a=1&b=\"2\"", "to'ken").with("client", "<weather>");
    assert_eq!(
        form.to_string(),
        "<form method=\"post\" action=\"/log?a=1&#38;b=&#34;2&#34;\">\
         <input type=\"hidden\" name=\"form_token\" value=\"to&#39;ken\">\
         <input type=\"hidden\" name=\"client\" value=\"&#60;weather&#62;\">"
    );
}

#[test]
fn req_82_no_page_has_a_script_an_inline_style_or_a_link_elsewhere() {
    for (name, html) in pages(&StandardPages::new(), &Texts::plain()) {
        let page = Document::parse(&html).unwrap();
        for element in page.elements() {
            let allowed = !matches!(&*element.name, "script" | "link" | "img" | "iframe" | "object" | "base");
            assert!(allowed, "{name}: {}", element.name);
            for (attribute, value) in &element.attributes {
                assert!(!attribute.starts_with("on") && attribute != "style", "{name}: {attribute}");
                assert!(!value.contains("//") && !value.contains("javascript:"), "{name}: {value}");
            }
        }
        assert!(!html.contains("url(") && !html.contains("@import"), "{name}");
    }
}

#[test]
fn every_page_has_the_one_style_of_the_content_security_policy() {
    let own = StandardPages::new().add_style("p::after { content: \"</style><script>\"; }");
    for standard in [StandardPages::new(), own] {
        for (name, html) in pages(&standard, &Texts::plain()) {
            let styles: Vec<_> = html.match_indices("<style>").collect();
            assert_eq!(styles.len(), 1, "{name}");
            let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
            assert_eq!(style, standard.style(), "{name}");
        }
    }
}

#[test]
fn every_page_has_a_language_a_title_and_one_heading() {
    let standard = StandardPages::named("Open data portal");
    for (name, html) in pages(&standard, &Texts::plain()) {
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">\n"), "{name}");
        assert!(html.contains("name=\"viewport\" content=\"width=device-width, initial-scale=1\""), "{name}");
        assert!(html.contains("name=\"color-scheme\" content=\"light dark\""), "{name}");
        assert!(html.contains(" · Open data portal</title>"), "{name}");
        let page = Document::parse(&html).unwrap();
        assert_eq!((page.all("title").count(), page.all("h1").count(), page.all("main").count()), (1, 1, 1));
        assert!(page.all("h1").all(|heading| !page.text_of(heading).trim().is_empty()), "{name}");
    }
}

#[test]
fn every_visible_field_has_a_label_and_every_button_a_text() {
    for (name, html) in pages(&StandardPages::new(), &Texts::plain()) {
        let page = Document::parse(&html).unwrap();
        let visible = page.all("input").filter(|input| input.attribute("type") != Some("hidden"));
        for input in visible {
            let id = input.attribute("id").unwrap();
            let labels = page.all("label").filter(|label| label.attribute("for") == Some(id));
            assert_eq!(labels.count(), 1, "{name}: {id}");
        }
        for button in page.all("button") {
            assert!(!page.text_of(button).trim().is_empty(), "{name}");
            assert_eq!(button.attribute("name"), Some("action"), "{name}");
        }
        let mut ids: Vec<_> = page.elements().iter().filter_map(|element| element.attribute("id")).collect();
        let described = page.elements().iter().filter_map(|element| element.attribute("aria-describedby"));
        assert!(described.into_iter().all(|id| ids.contains(&id)), "{name}");
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}");
    }
}

#[test]
fn the_first_empty_field_has_the_focus() {
    for (username, focused) in [(None, "username"), (Some(""), "username"), (Some("alice"), "password")] {
        let form = FormStart::new("/log_in", "token");
        let page = LogInPage { form, application: None, username, problem: None };
        let html = StandardPages::new().log_in(&page);
        let page = Document::parse(&html).unwrap();
        let inputs = page.all("input").filter(|input| input.attribute("autofocus").is_some());
        assert_eq!(inputs.map(|input| input.attribute("name")).collect::<Vec<_>>(), [Some(focused)]);
    }
}

#[test]
fn a_problem_of_a_log_in_is_announced_and_only_a_denial_marks_the_fields() {
    for (problem, text, marked) in [
        (LogInProblem::Denied, "not correct", 2),
        (LogInProblem::Throttled(Duration::from_millis(61_500)), "Try again in 62 seconds.", 0),
        (LogInProblem::Throttled(Duration::from_secs(120)), "Try again in 2 minutes.", 0),
        (LogInProblem::Unavailable, "Try again in a few minutes", 0),
        (LogInProblem::Expired, "Log in again", 0),
    ] {
        let form = FormStart::new("/log_in", "token");
        let page = LogInPage { form, application: None, username: Some("alice"), problem: Some(problem) };
        let html = StandardPages::new().log_in(&page);
        let page = Document::parse(&html).unwrap();
        let alerts: Vec<_> =
            page.elements().iter().filter(|element| element.attribute("role") == Some("alert")).collect();
        assert_eq!(alerts.len(), 1);
        assert!(page.text_of(alerts[0]).contains(text), "{html}");
        let invalid = |input: &&check::Element| {
            (input.attribute("aria-invalid"), input.attribute("aria-describedby"))
                == (Some("true"), Some("problem"))
        };
        assert_eq!(page.all("input").filter(invalid).count(), marked);
        assert!(html.contains("<title>Error: "));
    }
}

#[test]
fn req_81_consent_names_the_application_the_scopes_and_where_the_browser_goes() {
    let page = ConsentPage {
        form: FormStart::new("/authorize", "token"),
        application: "Weather viewer",
        client_id: "weather.7",
        user: "alice@example.org",
        scopes: vec![
            ScopeText { name: "datasets:read", text: Some("Read your datasets") },
            ScopeText { name: "odd", text: None },
        ],
        destination: "viewer.example:8443",
        is_this_device: false,
        is_code_page: false,
    };
    let html = StandardPages::new().consent(&page);
    let named = ["Weather viewer", "weather.7", "alice@example.org", "Read your datasets", "datasets:read"];
    for text in named.into_iter().chain(["odd", "You will be sent to", "viewer.example:8443"]) {
        assert!(html.contains(text), "{text}");
    }
    assert!(!html.contains("Any program"));

    let device = ConsentPage { destination: "com.example.app:", is_this_device: true, ..page.clone() };
    let html = StandardPages::new().consent(&device);
    assert!(html.contains("an app on this device") && html.contains("Any program on this device could be"));
    assert!(html.contains("com.example.app:"));

    let code = ConsentPage { destination: "", is_code_page: true, ..page };
    let html = StandardPages::new().consent(&code);
    assert!(html.contains("You will be shown a code to copy") && !html.contains("You will be sent"));
    let page = Document::parse(&html).unwrap();
    let values: Vec<_> = page.all("button").map(|button| button.attribute("value")).collect();
    assert_eq!(values, [Some("allow"), Some("deny"), Some("switch")]);
}

#[test]
fn an_own_page_replaces_one_and_the_others_stay() {
    struct Own(StandardPages);
    impl Pages for Own {
        fn standard(&self) -> &StandardPages {
            &self.0
        }
        fn code(&self, page: &CodePage<'_>) -> String {
            page.code.to_uppercase()
        }
    }
    let own = Own(StandardPages::named("Portal"));
    for (name, html) in pages(&own, &Texts::plain()) {
        let standard = pages(&own.0, &Texts::plain()).into_iter().find(|(other, _)| *other == name);
        let expected = if name == "code" { Texts::plain().code.to_uppercase() } else { standard.unwrap().1 };
        assert_eq!(html, expected, "{name}");
    }
}

#[test]
fn neither_a_code_nor_a_token_is_in_debug() {
    let form = FormStart::new("/log_in", "53cr3t");
    let page = CodePage { code: "53cr3t", application: "viewer", lifetime: Duration::from_secs(60) };
    let shown = format!("{form:?} {page:?}");
    assert!(shown.contains("/log_in") && shown.contains("viewer") && !shown.contains("53cr3t"), "{shown}");
}

#[test]
fn texts_have_enough_contrast_in_light_and_in_dark() {
    const TEXTS: &[(&str, &str)] = &[
        ("text", "ground"),
        ("text", "card"),
        ("quiet", "card"),
        ("accent", "card"),
        ("on-accent", "accent"),
        ("problem", "card"),
        ("problem", "problem-ground"),
        ("warning", "warning-ground"),
    ];
    let style = StandardPages::new().style().to_owned();
    let schemes: Vec<_> =
        style.split(":root {").skip(1).map(|rules| rules.split('}').next().unwrap()).collect();
    assert_eq!(schemes.len(), 2);
    for colours in schemes {
        for (text, ground) in TEXTS {
            let ratio = contrast(colours, text, ground);
            assert!(ratio >= 4.5, "{text} on {ground}: {ratio:.2}");
        }
        // The borders of fields (WCAG 1.4.11).
        let ratio = contrast(colours, "line", "card");
        assert!(ratio >= 3.0, "line on card: {ratio:.2}");
    }
}

/// Writes all pages into the directory `PAGES_DIR`, to look at them in a browser.
#[test]
fn pages_can_be_written_to_a_directory() {
    let Some(directory) = std::env::var_os("PAGES_DIR") else { return };
    for (name, html) in pages(&StandardPages::named("Open data portal"), &Texts::plain()) {
        std::fs::write(std::path::Path::new(&directory).join(format!("{name}.html")), html).unwrap();
    }
}

fn everything_named(name: &str) -> String {
    let pages = everything("plain");
    pages.into_iter().find(|(other, _)| *other == name).unwrap().1
}
