//! A guest never reaches a variant of a protected path (REQ-28).

use std::convert::Infallible;

use axum::body::Body;
use futures_util::FutureExt as _;
use http::{Request, Uri};
use proptest::prelude::*;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_principal::{AuthenticateLayer, AuthenticationExt as _, dialect, verify::MemoryVerifier};

use crate::support::*;

thread_local! {
    static SERVICE: AuthenticateLayer<MemoryVerifier> = layer(dialect::USERGRID);
}

/// Returns the readings of a path by any program downstream, one step each.
pub(crate) fn readings(path: &str) -> Vec<String> {
    let decoded = |path: &str| {
        let mut bytes = Vec::new();
        let mut rest = path.as_bytes();
        while let [first, tail @ ..] = rest {
            let hex =
                tail.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
            match (*first, hex) {
                (b'%', Some(byte)) => {
                    bytes.push(byte);
                    rest = &tail[2..];
                }
                (byte, _) => {
                    bytes.push(byte);
                    rest = tail;
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let once = decoded(path);
    let mut all = vec![path.to_owned(), decoded(&once), once];
    all.extend(all.clone().iter().map(|path| path.replace('\\', "/")));
    let cut = |path: &String, at: char| {
        path.split('/').map(|one| one.split(at).next().unwrap()).collect::<Vec<_>>().join("/")
    };
    all.extend(all.clone().iter().map(|path| cut(path, ';')));
    all.extend(all.clone().iter().map(|path| path.split(['\0', '\n', '\r']).next().unwrap().to_owned()));
    all
}

/// Returns true if a reading is in a sandbox after its dot segments and double slashes are
/// resolved.
pub(crate) fn is_in_a_sandbox(path: &str) -> bool {
    let resolve = |merge: bool| {
        let mut segments: Vec<&str> = Vec::new();
        for segment in path.split('/').skip(1) {
            match segment {
                "." => {}
                "" if merge => {}
                ".." => _ = segments.pop(),
                other => segments.push(other),
            }
        }
        segments.get(1) == Some(&"sandbox")
    };
    resolve(true) && resolve(false)
}

/// Generates paths beside, inside and outside a sandbox, with inserted parts that some programs may
/// read differently.
pub(crate) fn mutations() -> impl Strategy<Value = String> {
    let starts =
        prop::sample::select(vec!["/o/app/x", "/o/sandbox/x", "/o/sandbox", "/o/app/sandbox/x", "/sandbox"]);
    #[rustfmt::skip]
    let pieces = prop::sample::select(vec![
        "/", "//", ".", "..", "/..", "../", "/../app", "/./", "%2e", "%2E%2e", "%2f", "%2F", "%252f", "%252e", "%25",
        "%", "%5c", "%00", "%0a", "%3b", ";", ";x=y", "..;", "?", "#", "%23", "%3f", "sandbox", "/sandbox", "app",
        "/app", "%73andbox", "x", "+", "%20", "~", ":", "@", "&", "=", "%c3%b6", "%ff", "*", "{org}", "$",
    ]);
    let edits = prop::collection::vec((0_usize..24, pieces), 0..6);
    (starts, edits, prop::option::of(0_usize..24)).prop_map(|(start, edits, cut)| {
        let mut path = start.to_owned();
        for (at, edit) in edits {
            path.insert_str(at.min(path.len()), edit);
        }
        if let Some(cut) = cut {
            path.truncate(cut.max(1));
        }
        path
    })
}

/// Generates similar paths with each byte plain, encoded once, or encoded twice.
pub(crate) fn encodings() -> impl Strategy<Value = String> {
    let paths = prop::sample::select(vec![
        "/o/sandbox/x",
        "/o/app/x",
        "/o/sandbox/../app/x",
        "/o/app/../sandbox/x",
        "/o/sandbox/;/x",
        "/o/sandbox/a\\b",
        "/o/sandbox//x",
        "/o/app/x\n/sandbox",
        "/o/sandbox/\0",
        "/o/sandbox/\u{455}",
    ]);
    // Most bytes are plain, so that some paths are still a guest's.
    let dice =
        prop::collection::vec(prop::sample::select(vec![0_u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]), 32);
    (paths, dice).prop_map(|(path, dice)| {
        let encode = |(byte, dice): (u8, u8)| match dice {
            1 => format!("%{byte:02x}"),
            2 => format!("%{byte:02X}"),
            3 => format!("%25{byte:02x}"),
            _ if byte.is_ascii_graphic() && byte != b'\\' => char::from(byte).to_string(),
            _ => format!("%{byte:02x}"),
        };
        path.bytes().zip(dice).map(encode).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// For any path: if the request is a guest, the path is in the sandbox by every reading.
    #[test]
    fn req_28_no_mutation_of_a_protected_path_is_a_guests(
        path in prop_oneof![mutations(), encodings()],
    ) {
        let Ok(target) = path.parse::<Uri>() else { return Ok(()) };
        let seen = target.path().to_owned();
        let whose = |request: Request<Body>| async move {
            Ok::<_, Infallible>(http::Response::new(Body::from(request.principal().unwrap().kind().to_string())))
        };
        let service = SERVICE.with(Clone::clone).layer(service_fn(whose));
        let request = Request::get(target).body(Body::empty()).unwrap();
        let response = service.oneshot(request).now_or_never().unwrap().unwrap();
        if response.status() == 200 {
            for reading in readings(&seen) {
                prop_assert!(is_in_a_sandbox(&reading), "{path:?} is read as {reading:?}");
            }
        }
    }
}

/// The oracle above distinguishes the two.
#[test]
fn the_readings_of_a_path_leave_the_sandbox_where_they_should() {
    for inside in ["/o/sandbox/x", "/o/sandbox", "/o/sandbox/b%C3%B6b"] {
        assert!(readings(inside).iter().all(|path| is_in_a_sandbox(path)), "{inside}");
    }
    for outside in [
        "/o/sandbox/../app",
        "/o/sandbox/%252e%252e/app",
        "/o/sandbox;x",
        "/o/sandbox/..\\app",
        "/o//sandbox",
    ] {
        assert!(!readings(outside).iter().all(|path| is_in_a_sandbox(path)), "{outside}");
    }
}
