//! The browser's part: it is opened, and brings the answer to a port of this machine (RFC 8252
//! section 7.3).

use std::env;
use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Method, StatusCode, header};
use oauth2::AuthorizationCode;
use oauth2::url::Url;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::answer::Expected;
use crate::error::Error;
use crate::progress;

/// The time that the browser has to receive the last page.
const CLOSING: Duration = Duration::from_secs(1);

/// The redirect URI, and the port that it leads to.
pub(crate) struct Callback {
    listener: TcpListener,
    host: String,
}

type Answer = Result<AuthorizationCode, Error>;

struct Waiting {
    host: String,
    expected: Expected,
    /// Taken by the first answer.
    answered: Mutex<Option<oneshot::Sender<Answer>>>,
}

impl Callback {
    /// Listens on a free port of 127.0.0.1.
    pub(crate) async fn listen() -> Result<Self, Error> {
        let failed = |error| Error::Local { what: "cannot listen on 127.0.0.1", error };
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let host = listener.local_addr().map_err(failed)?.to_string();
        Ok(Self { listener, host })
    }

    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://{}/callback", self.host)
    }

    /// Waits for the answer, for a limited time.
    pub(crate) async fn answer(self, expected: Expected, limit: Duration) -> Answer {
        let (answered, answer) = oneshot::channel();
        let answered = Mutex::new(Some(answered));
        let waiting = Arc::new(Waiting { host: self.host, expected, answered });
        let app = Router::new().route("/callback", get(callback)).fallback(nothing).with_state(waiting);

        let (stop, stopped) = oneshot::channel::<()>();
        let server = axum::serve(self.listener, app).with_graceful_shutdown(async move {
            let _ = stopped.await;
        });
        let server = tokio::spawn(server.into_future());
        let answer = progress::within(limit, "Waiting for the browser", answer).await;
        drop(stop);
        let _ = timeout(CLOSING, server).await;
        answer.and_then(Result::ok).unwrap_or(Err(Error::TimedOut(limit.as_secs())))
    }
}

async fn callback(
    State(waiting): State<Arc<Waiting>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<String> {
    // A page whose name leads to 127.0.0.1 has another `Host`.
    let host = headers.get(header::HOST).is_some_and(|host| host == waiting.host.as_str());
    if !host || method != Method::GET {
        return nothing().await;
    }
    let Some(answer) = waiting.expected.read(&query.unwrap_or_default()) else { return nothing().await };
    let answered = waiting.answered.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(answered) = answered else {
        return page(StatusCode::GONE, "This log-in is over", "The command line has its answer.");
    };
    let page = match &answer {
        Ok(_) => page(StatusCode::OK, "Back to the command line", "You may close this window."),
        Err(_) => page(
            StatusCode::BAD_REQUEST,
            "The log-in failed",
            "The command line has the reason. You may close this window.",
        ),
    };
    let _ = answered.send(answer);
    page
}

/// Answers requests that are not for the redirect URI, such as that for an icon.
async fn nothing() -> Response<String> {
    page(StatusCode::NOT_FOUND, "Not found", "Nothing is at this address.")
}

/// Opens the browser, and returns true if it seems to have opened. It is started without a shell.
pub(crate) async fn open(url: &Url) -> bool {
    let url = url.to_string();
    has_display() && spawn_blocking(|| open::that_detached(url)).await.is_ok_and(|opened| opened.is_ok())
}

/// Returns true if a browser could open. On Linux and its like, it needs a display server; under
/// Windows' subsystem for Linux it opens in Windows.
fn has_display() -> bool {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_desktop = cfg!(any(windows, target_os = "macos"));
    has_desktop || ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].iter().any(is_set)
}

/// Returns a page with a fixed text.
fn page(status: StatusCode, heading: &'static str, text: &'static str) -> Response<String> {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{heading}</title>\
         <style>{STYLE}</style></head><body><main><h1>{heading}</h1><p>{text}</p></main></body></html>\n"
    );
    let mut response = Response::new(html);
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    response
}

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.2rem}\
                     h1{font-size:1.6rem}";

/// No script, and the one style, by its SHA-256.
const POLICY: &str = "default-src 'none'; style-src 'sha256-YcssQeqgG7+s+YIRiuXD44vqDPmwWihbzdl+jHJjZjU='; \
                      base-uri 'none'; frame-ancestors 'none'";
