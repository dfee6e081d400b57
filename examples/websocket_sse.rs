//! WebSocket and server-sent events. A browser cannot set a header for either, so the token is in
//! the query.
//!
//! Run `cargo run --example websocket_sse`, then open the address that it prints.

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::OriginalUri;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, Response};
use axum::routing::get;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::sleep;
use tower_principal::{
    AuthenticateLayer, OAuthUser, Principal, Verifier, dialect, transport, verify::MemoryVerifier,
};

/// `OPENDATASOFT` accepts `?access_token=` besides the header, and so does `USERGRID`.
pub fn app<V: Verifier>(authenticate: AuthenticateLayer<V>) -> Router {
    Router::new()
        .route("/socket", get(socket))
        .route("/events", get(events))
        .route_layer(authenticate)
        .route("/", get(async || Html(PAGE)))
}

/// Runs only for a valid token: without one the answer is 401, and there is no upgrade to refuse.
///
/// A page of another origin is refused, because it has no token. With a cookie, `Origin` would have
/// to be checked.
async fn socket(
    who: Principal,
    uri: Uri,
    OriginalUri(asked): OriginalUri,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(async move |mut socket| {
        let end = expiry(&who);
        let talk = async {
            socket.send(greeting(&who, &uri, &asked).into()).await?;
            while let Some(message) = socket.recv().await {
                if let Message::Text(text) = message? {
                    socket.send(Message::Text(text)).await?;
                }
            }
            Ok::<_, axum::Error>(())
        };
        tokio::select! {
            _gone = talk => {}
            () = end => close(socket).await,
        }
    })
}

/// The layer verified the token once, when the connection was opened. This connection ends when the
/// token expires.
async fn expiry(who: &Principal) {
    match who.expires_at() {
        Some(at) => sleep(at.duration_since(SystemTime::now()).unwrap_or_default()).await,
        None => std::future::pending().await,
    }
}

async fn close(mut socket: WebSocket) {
    let _gone = socket.send(Message::Close(None)).await;
}

/// A browser that lost the connection reconnects with the last id it received, and the same query.
async fn events(
    who: Principal,
    uri: Uri,
    OriginalUri(asked): OriginalUri,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let greeting = Event::default().event("greeting").data(greeting(&who, &uri, &asked));
    let counted = stream::unfold(last.unwrap_or(0) + 1, async |number| {
        sleep(Duration::from_millis(100)).await;
        Some((Event::default().id(number.to_string()).data(format!("event {number}")), number + 1))
    });
    let events = stream::once(async { greeting }).chain(counted).map(Ok);
    Sse::new(events.take_until(async move { expiry(&who).await })).keep_alive(KeepAlive::default())
}

/// Handlers, logs and spans inside the layer see the target without the token.
fn greeting(who: &Principal, uri: &Uri, asked: &Uri) -> String {
    format!("{} at {uri}, asked for as {asked}", who.id().unwrap_or("guest"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let in_a_minute = SystemTime::now() + Duration::from_secs(60);
    let verifier = MemoryVerifier::builder()
        .access_token("otto-token", OAuthUser::new("otto").with_expires_at(in_a_minute))
        .build()?;
    // Plain http is only for this demonstration.
    let authenticate =
        AuthenticateLayer::new(dialect::OPENDATASOFT, verifier, transport::danger_assume_secure());

    eprintln!("open http://127.0.0.1:3005/");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3005").await?;
    axum::serve(listener, app(authenticate)).await?;
    Ok(())
}

const PAGE: &str = r#"<!doctype html>
<title>WebSocket and server-sent events</title>
<pre id="log"></pre>
<script>
  const say = (who, text) => log.textContent += who + ": " + text + "\n";
  const query = "?room=7&access_token=" + encodeURIComponent("otto-token");
  const socket = new WebSocket("/socket" + query);
  socket.onopen = () => socket.send("hello");
  socket.onmessage = message => say("socket", message.data);
  socket.onclose = () => say("socket", "closed");
  const events = new EventSource("/events" + query);
  events.addEventListener("greeting", event => say("events", event.data));
  events.onmessage = event => say("events", event.data);
</script>
"#;
