//! The README: its quickstart prints what it shows, its three copies are the same text, and its
//! links work.

use std::fs;
use std::path::Path;

use axum::body::Body;
use http::Request;

use crate::support::*;

#[allow(dead_code, reason = "`main` serves on a fixed port")]
#[path = "../../examples/quickstart.rs"]
mod quickstart;

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Returns the first block of code in this language.
fn block(text: &str, language: &str) -> String {
    let from = text.split_once(&format!("```{language}\n")).expect("a block").1;
    from.split_once("```").unwrap().0.to_owned()
}

/// Returns the calls of `curl` as requests, with the lines that they print.
fn calls(console: &str) -> Vec<(Request<Body>, Vec<String>)> {
    let calls = console.split("$ curl ").filter(|call| !call.is_empty());
    calls
        .map(|call| {
            let (line, printed) = call.split_once('\n').unwrap();
            let quoted: Vec<_> = line.split('\'').collect();
            let address = line.split(['\'', ' ']).find(|word| word.starts_with("http://")).unwrap();
            let target = address.strip_prefix("http://127.0.0.1:3000").unwrap();
            let header = line.contains("-H '").then(|| quoted[quoted.len() - 2].split_once(": ").unwrap());
            let headers: Vec<_> = header.into_iter().collect();
            (get(target, &headers), printed.lines().map(str::to_owned).collect())
        })
        .collect()
}

#[tokio::test]
async fn the_quickstart_answers_as_the_readme_prints() {
    let app = quickstart::app().unwrap();
    let calls = calls(&block(&text("README.md"), "console"));
    assert_eq!(calls.len(), 3);
    for (request, printed) in calls {
        let answer = send(app.clone(), request).await;
        let Some((status, headers)) = printed.split_first().filter(|(line, _)| line.starts_with("HTTP/1.1 "))
        else {
            assert_eq!(answer.status, 200);
            assert_eq!(answer.body.lines().collect::<Vec<_>>(), printed);
            continue;
        };
        let answered = http::StatusCode::from_u16(answer.status).unwrap();
        assert_eq!(*status, format!("HTTP/1.1 {answered}"));
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            assert!(answer.lines(name).contains(&value), "{header}");
        }
    }
}

#[test]
fn the_quickstart_is_one_text_in_three_places() {
    let example = text("examples/quickstart.rs");
    let example = example.split_once("\n\n").unwrap().1;
    assert_eq!(block(&text("README.md"), "rust,no_run"), example);
    let page = text("src/lib.rs");
    let page: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("//!")).collect();
    let page = page.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
    assert_eq!(block(&page, "no_run"), example);
}

#[test]
fn the_readme_is_one_page() {
    let readme = text("README.md");
    let prose: String = readme.split("```").step_by(2).collect();
    let words = prose.split_whitespace().count();
    assert!(words <= 900, "{words} words");
}

/// Returns the links of a markdown file that stay in the repository.
fn links(markdown: &str) -> Vec<&str> {
    let prose = markdown.split("```").step_by(2);
    let inline =
        prose.clone().flat_map(|text| text.split("](").skip(1)).filter_map(|rest| rest.split(')').next());
    let defined = prose
        .flat_map(str::lines)
        .filter(|line| line.starts_with('['))
        .filter_map(|line| line.split("]: ").nth(1));
    inline.chain(defined).filter(|link| !link.starts_with("http") && !link.starts_with('#')).collect()
}

#[test]
fn links_of_the_documents_lead_to_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    for folder in ["docs", "docs/guide"] {
        let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        documents.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    let mut count = 0;
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for link in links(&text) {
            count += 1;
            let file = document.parent().unwrap().join(link.split('#').next().unwrap());
            assert!(file.exists(), "{}: {link}", document.display());
        }
    }
    assert!(count > 50, "{count}");
}

/// Readers find a chapter only if the README links it.
#[test]
fn every_chapter_is_in_the_readme_and_in_the_guide() {
    let (readme, guide) = (text("README.md"), text("src/guide.rs"));
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(readme.contains(&format!("(docs/guide/{name})")), "{name}");
        assert!(guide.contains(&format!("\"{name}\"")), "{name}");
    }
}
