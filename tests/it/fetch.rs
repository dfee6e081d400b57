//! The HTTP port, over real connections on the loopback.
#![cfg(feature = "reqwest")]

use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use bytes::Bytes;
use http::Request;
use tower_principal::fetch::{Fetch as _, FetchError, HttpClient, HttpClientError};

/// Starts a server on the loopback, and returns its address.
async fn serve() -> String {
    let app = Router::new()
        .route("/here", get(Redirect::temporary("/set")))
        .route("/set", get(|| async { SET }))
        .route("/keys", get(|| async { "0123456789" }))
        .route("/echo", post(|body: Bytes| async { body }))
        .route("/hang", get(std::future::pending::<()>));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, app).await });
    format!("http://{address}")
}

const SET: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

fn ask(url: String) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

fn plain() -> HttpClient {
    HttpClient::builder().timeout(Duration::from_millis(300)).danger_allow_http().build().unwrap()
}

#[tokio::test]
async fn an_answer_is_collected_and_a_redirect_is_one() {
    let (server, client) = (serve().await, plain());
    let answer = client.fetch(ask(format!("{server}/keys")), 10).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, &b"0123456789"[..]));
    let moved = client.fetch(ask(format!("{server}/here")), 10).await.unwrap();
    assert_eq!((moved.status().as_u16(), moved.headers()["location"].as_bytes()), (307, &b"/set"[..]));
    let echo = Request::post(format!("{server}/echo")).body(Bytes::from_static(b"hi")).unwrap();
    assert_eq!(client.fetch(echo, 10).await.unwrap().body(), "hi");
}

#[tokio::test]
async fn what_is_too_large_or_too_late_is_no_answer() {
    let (server, client) = (serve().await, plain());
    assert_eq!(client.fetch(ask(format!("{server}/keys")), 9).await.err(), Some(FetchError::TooLarge));
    assert_eq!(client.fetch(ask(format!("{server}/hang")), 9).await.err(), Some(FetchError::TimedOut));
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = client.fetch(ask(format!("http://{nobody}/")), 9).await.err();
    assert_eq!(refused, Some(FetchError::NotConnected(std::io::ErrorKind::ConnectionRefused)));
}

#[tokio::test]
async fn plain_http_is_not_spoken_unless_asked_for() {
    let server = serve().await;
    let client = HttpClient::new().unwrap();
    assert_eq!(client.fetch(ask(format!("{server}/keys")), 10).await.err(), Some(FetchError::Insecure));
}

/// Starts an https server on the loopback. Returns its address and the certificate of the test's
/// own authority, which signed the server's certificate.
async fn serve_tls() -> (String, String) {
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let mut server = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    server.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = server.signed_by(&key, &issuer).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let key = rustls_pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = config.unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let stream = hyper_util::rt::TokioIo::new(acceptor.accept(stream).await.ok()?);
                let answer = hyper::service::service_fn(async |_| {
                    Ok::<_, std::convert::Infallible>(http::Response::new("secure".to_owned()))
                });
                hyper::server::conn::http1::Builder::new().serve_connection(stream, answer).await.ok()
            });
        }
    });
    (address, pem)
}

#[tokio::test]
async fn a_server_is_known_by_its_certificate() {
    let (server, authority) = serve_tls().await;
    let stranger = HttpClient::new().unwrap().fetch(ask(server.clone()), 10).await.err();
    assert_eq!(stranger, Some(FetchError::Tls));
    let trusting = HttpClient::builder().authority(authority).build().unwrap();
    assert_eq!(trusting.fetch(ask(server), 10).await.unwrap().body(), "secure");
}

/// The log describes the failure in plain words, without the server's address.
#[tokio::test]
async fn the_faults_of_a_server_have_different_texts() {
    let nothing = serve_bytes(b"").await;
    let plain_server = serve_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let half = serve_bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123").await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let unknown = "x".repeat(64); // longer than any part of a host name, so no resolver is asked
    for (url, words) in [
        (format!("http://{unknown}/keys?secret"), "cannot connect: host name not found"),
        (format!("http://{nobody}/keys?secret"), "cannot connect: connection refused"),
        (format!("https://{plain_server}/keys?secret"), "cannot connect securely: "),
        (format!("http://{half}/keys?secret"), "response interrupted: "),
        (format!("http://{nothing}/keys?secret"), "connection failed: "),
    ] {
        let error = plain().fetch(ask(url.clone()), 10).await.unwrap_err().to_string();
        assert!(error.starts_with(words), "{url}: {error}");
        assert!(
            !error.contains("?secret") && !error.contains("127.0.0.1") && !error.contains("xx"),
            "{error}"
        );
        assert!(!error.contains("uncategorized") && !error.contains("other error"), "{error}");
    }
}

/// Starts a server on the loopback that reads a part of the request, sends this and closes. Returns
/// its address.
async fn serve_bytes(bytes: &'static [u8]) -> std::net::SocketAddr {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4_096]).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    address
}

/// REQ-46: the client does not follow a redirect to keys.
#[cfg(feature = "jwt")]
#[tokio::test]
async fn req_46_keys_are_not_fetched_behind_a_redirect() {
    let server = serve().await;
    let keys = |path| {
        let address = format!("{server}{path}");
        tower_principal::verify::Jwks::builder(address, plain()).danger_allow_http().build().unwrap()
    };
    assert_eq!(keys("/set").load().await.unwrap(), 1);
    assert!(keys("/here").load().await.is_err());
    assert!(keys("/hang").load().await.is_err());
}

#[test]
fn an_authority_that_cannot_be_read_is_an_error() {
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    for file in ["-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "", "not a certificate", &key]
    {
        let builder = HttpClient::builder().authority(file);
        assert!(matches!(builder.build(), Err(HttpClientError { .. })), "{file}");
    }
}

#[tokio::test]
async fn a_file_may_hold_several_authorities() {
    let (server, authority) = serve_tls().await;
    let other = serve_tls().await.1;
    for file in [format!("{other}{authority}"), format!("{authority}{other}")] {
        let client = HttpClient::builder().authority(file).build().unwrap();
        assert_eq!(client.fetch(ask(server.clone()), 10).await.unwrap().body(), "secure");
    }
}

/// Starts a proxy on the loopback. It answers `CONNECT` by a connection to `to`, and other requests
/// by their own text. Returns its address, and the heads that it received.
async fn proxy(
    to: std::net::SocketAddr,
) -> (std::net::SocketAddr, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = std::sync::Arc::default();
    let seen: std::sync::Arc<std::sync::Mutex<Vec<String>>> = std::sync::Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = Vec::new();
            let is_whole = |head: &[u8]| head.windows(4).any(|four| four == b"\r\n\r\n");
            while !is_whole(&head) && client.read_buf(&mut head).await.is_ok_and(|read| read > 0) {}
            let head = String::from_utf8(head).unwrap();
            let connects = head.starts_with("CONNECT ");
            seen.lock().unwrap().push(head);
            if connects {
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let mut server = tokio::net::TcpStream::connect(to).await.unwrap();
                tokio::spawn(async move {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            } else {
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{SET}", SET.len());
                let _ = client.write_all(answer.as_bytes()).await;
            }
        }
    });
    (address, heads)
}

/// Starts an `https` server on the loopback for the name `issuer.example`. Returns its address and
/// its authority in PEM.
async fn secure() -> (std::net::SocketAddr, String) {
    use rustls_pki_types::PrivateKeyDer;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let authority = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::new(vec![]).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pem = ca.self_signed(&authority).unwrap().pem();
    let issuer = rcgen::Issuer::new(ca, authority);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["issuer.example".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4_096]).await;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            let answer = format!("{head}content-length: {}\r\n\r\n{SET}", SET.len());
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, pem)
}

#[tokio::test]
async fn an_https_address_is_reached_through_a_proxy_that_cannot_read_it() {
    let (server, authority) = secure().await;
    let (at, heads) = proxy(server).await;
    let client = |builder: tower_principal::fetch::HttpClientBuilder| {
        builder.authority(authority.clone()).timeout(Duration::from_secs(5)).build().unwrap()
    };
    let question = || Request::get("https://issuer.example/keys?c4n4ry=1").body(Bytes::new()).unwrap();
    let through =
        client(HttpClient::builder().proxy(format!("http://{at}")).proxy_credentials("me", "s3:cr/et"));
    assert_eq!(through.fetch(question(), 1_000).await.unwrap().body(), SET);
    let seen = heads.lock().unwrap().clone();
    assert!(seen[0].starts_with("CONNECT issuer.example:443 ") && !seen[0].contains("c4n4ry"), "{seen:?}");
    let basic = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode("me:s3:cr/et")
    };
    assert!(seen[0].contains(&format!("Basic {basic}")), "{seen:?}");
    let in_url = client(HttpClient::builder().proxy(format!("http://me:s3cret@{at}")));
    assert_eq!(in_url.fetch(question(), 1_000).await.unwrap().body(), SET);
    for shown in [format!("{through:?}"), format!("{in_url:?}")] {
        assert!(!shown.contains("s3") && !shown.contains(&at.to_string()), "{shown}");
    }
    // Without a proxy, the name cannot be resolved.
    let direct = client(HttpClient::builder()).fetch(question(), 1_000).await.unwrap_err();
    assert!(matches!(direct, FetchError::NameNotFound | FetchError::NotConnected(_) | FetchError::TimedOut));
    assert_eq!(heads.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_no_answer_and_shows_no_credentials() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let builder = HttpClient::builder().proxy(format!("http://me:s3cret@{nobody}"));
    assert!(!format!("{builder:?}").contains("s3cret"));
    let error =
        builder.build().unwrap().fetch(ask("https://issuer.example/".to_owned()), 9).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}

#[cfg(feature = "jwt")]
#[tokio::test]
async fn keys_are_fetched_through_a_proxy() {
    let (at, heads) = proxy(([127, 0, 0, 1], 9).into()).await;
    let client = HttpClient::builder().proxy(format!("http://{at}")).danger_allow_http().build().unwrap();
    let keys =
        tower_principal::verify::Jwks::builder("http://issuer.example/keys", client).danger_allow_http();
    assert_eq!(keys.build().unwrap().load().await.unwrap(), 1);
    assert!(heads.lock().unwrap()[0].starts_with("GET http://issuer.example/keys "));
}

/// An answer of the proxy itself is no answer about a token, so the outcome is an outage and never
/// a denial.
#[cfg(feature = "introspection")]
#[tokio::test]
async fn tokens_are_introspected_through_a_proxy() {
    use tower_principal::verify::Introspection;
    use tower_principal::{Credential, Secret, Verifier as _, VerifyContext, VerifyError};

    let (at, heads) = proxy(([127, 0, 0, 1], 9).into()).await;
    let client = HttpClient::builder().proxy(format!("http://{at}")).danger_allow_http().build().unwrap();
    let introspection = Introspection::builder("http://issuer.example/introspect", client);
    let introspection = introspection.client("api", "secret").audience("api").danger_allow_http();
    let token = Credential::AccessToken(Secret::borrowed("a-token-of-the-issuer-0123456789"));
    let answer = introspection.build().unwrap().verify(&token, &VerifyContext::default()).await;
    assert!(matches!(answer, Err(VerifyError::Unavailable(_))), "{answer:?}");
    assert!(heads.lock().unwrap()[0].starts_with("POST http://issuer.example/introspect "));
}

/// A process cannot safely set its own environment variables while it runs, so this test starts
/// itself with them.
#[tokio::test(flavor = "multi_thread")]
async fn the_environment_names_a_proxy_only_for_a_client_that_asks_for_it() {
    let (at, heads) = proxy(([127, 0, 0, 1], 9).into()).await;
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "fetch::in_an_environment_with_a_proxy", "--include-ignored"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        child.env_remove(name);
    }
    child.env_remove("REQUEST_METHOD").env_remove("no_proxy");
    child.env("HTTP_PROXY", format!("http://{at}")).env("NO_PROXY", "127.0.0.1");
    let output = child.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    let heads = heads.lock().unwrap().clone();
    assert_eq!(heads.len(), 1, "{heads:?}");
    assert!(heads[0].starts_with("GET http://issuer.example/keys "), "{heads:?}");
}

#[tokio::test]
#[ignore = "needs the environment that another test sets"]
async fn in_an_environment_with_a_proxy() {
    assert!(std::env::var_os("HTTP_PROXY").is_some());
    let builder = || HttpClient::builder().timeout(Duration::from_secs(3)).danger_allow_http();
    let asking = builder().proxy_from_environment().build().unwrap();
    assert_eq!(asking.fetch(ask("http://issuer.example/keys".to_owned()), 1_000).await.unwrap().body(), SET);
    let own = serve().await;
    assert_eq!(asking.fetch(ask(format!("{own}/set")), 1_000).await.unwrap().body(), SET, "an exception");
    let silent = builder().build().unwrap();
    assert!(silent.fetch(ask("http://issuer.example/keys".to_owned()), 1_000).await.is_err());
}

#[test]
fn an_address_that_is_no_proxy_is_an_error() {
    for wrong in ["", "proxy", "socks5://127.0.0.1:1", "ftp://127.0.0.1", "http://", "http:// x"] {
        assert!(HttpClient::builder().proxy(wrong).build().is_err(), "{wrong}");
    }
    assert!(HttpClient::builder().proxy_credentials("me", "secret").build().is_err(), "no proxy");
    assert!(HttpClient::builder().proxy_from_environment().build().is_ok());
}
