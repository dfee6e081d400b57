//! D15: clients of the demo portal that are slow on purpose: with the head, the body, the handshake
//! or the whole request.
//!
//! A connection takes a descriptor on both sides, and a process here may have 20,000, so 18,000
//! connections are idle.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::harness::child::{Child, mib};
use crate::harness::client::{self, Connection};
use crate::harness::numbers::Times;
use crate::harness::portal::Portal;
use crate::harness::probe::Probe;
use crate::harness::report::Report;

/// The number of slow clients of each kind.
const SLOW: usize = 200;
const IDLE: usize = 18_000;
/// The interval between two bytes.
const DRIP: Duration = Duration::from_millis(400);
const HEAD: Duration = Duration::from_secs(10);
const BODY: Duration = Duration::from_secs(5);
/// The tolerance for the time at which a connection is closed.
const NEAR: Duration = Duration::from_millis(500);
const DURING: Duration = Duration::from_secs(13);
/// The longest wait for a connection that the server should have closed.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let portal = Portal::start().await;
    let (child, address) = (&portal.child, portal.child.address);
    let secure = SocketAddr::from(([127, 0, 0, 1], portal.secure_port));
    let memory = child.memory().resident;
    let calm = others(address, Duration::from_secs(4)).await;
    report.note("others before: p99, slowest new connection", calm.text());

    let (heads, seconds, bodies, handshakes, idle, meanwhile) = tokio::join!(
        all(SLOW, || slow_head(address, false)),
        all(SLOW, || slow_head(address, true)),
        all(SLOW, || slow_body(address)),
        all(SLOW, || silent(secure, false)),
        all(SLOW, || silent(address, true)),
        others(address, DURING),
    );
    for (name, ends, time, status) in [
        ("a slow head", &heads, HEAD, [0, 408]),
        ("a slow second head", &seconds, HEAD, [0, 408]),
        ("a slow form", &bodies, BODY, [408, 408]),
        ("no TLS handshake", &handshakes, HEAD, [0, 0]),
        ("nothing after a request", &idle, HEAD, [0, 0]),
    ] {
        let near = |end: &&End| end.after.abs_diff(time) <= NEAR && status.contains(&end.status);
        let in_time = ends.iter().filter(near).count();
        report.target(
            format!("{name}: ended in time, of {SLOW}"),
            format!("{in_time}, {}", range(ends)),
            format!("{SLOW} at {time:?} ± {NEAR:?}"),
            in_time == SLOW,
        );
    }
    judge_others(&mut report, "slow clients", &meanwhile);

    let before = child.descriptors();
    let started = Instant::now();
    let connections = client::open_many(address, IDLE).await;
    let opened = started.elapsed();
    let (ends, meanwhile, most) = tokio::join!(
        futures_util::future::join_all(
            connections.into_iter().map(|connection| tokio::spawn(until_closed(connection.stream)))
        ),
        others(address, DURING),
        open(child),
    );
    let ends: Vec<_> = ends.into_iter().map(|end| end.expect("a client")).collect();
    let early = ends.iter().filter(|end| end.after + NEAR < HEAD.saturating_sub(opened)).count();
    report.note(
        format!("{IDLE} idle connections, opened in {opened:.1?}"),
        format!("{early} closed early to make room, {}", range(&ends)),
    );
    let left = child.descriptors().saturating_sub(before);
    report.exactly("descriptors left when the last should be closed", left, 0);
    report.target(
        "descriptors at most",
        most.to_string(),
        "≤ 16,384 connections and 64",
        most <= 16_384 + 64,
    );
    judge_others(&mut report, "idle clients", &meanwhile);
    report.note("memory before, at most", [memory, child.memory().peak].map(mib).join(", "));
    report
}

/// The end of a connection.
struct End {
    after: Duration,
    /// The status, or 0 without an answer.
    status: u16,
}

fn range(ends: &[End]) -> String {
    let mut times = Times::default();
    ends.iter().for_each(|end| times.push(end.after));
    format!("first {:.2?}, last {:.2?}", times.quantile(0.0), times.quantile(1.0))
}

async fn all<F: Future<Output = End>>(count: usize, client: impl Fn() -> F) -> Vec<End> {
    futures_util::future::join_all((0..count).map(|_| client())).await
}

/// Waits until the server answers or closes the connection.
async fn until_closed(mut stream: impl AsyncRead + Unpin) -> End {
    let started = Instant::now();
    let mut answer = [0; 512];
    let read = timeout(PATIENCE, stream.read(&mut answer)).await;
    let length = read.map_or(0, |read| read.unwrap_or(0));
    let status = answer[..length].get(9..12).and_then(|status| str::from_utf8(status).ok()?.parse().ok());
    End { after: started.elapsed(), status: status.unwrap_or(0) }
}

/// Sends single bytes that never complete the request, until the server answers or closes the
/// connection.
async fn drip(stream: TcpStream) -> End {
    let (reader, mut writer) = stream.into_split();
    let dripping = tokio::spawn(async move {
        while writer.write_all(b"a").await.is_ok() {
            sleep(DRIP).await;
        }
    });
    let end = until_closed(reader).await;
    dripping.abort();
    end
}

/// Sends a head that never ends, as the first or the second request of its connection.
async fn slow_head(address: SocketAddr, second: bool) -> End {
    let mut connection = Connection::open(address).await.expect("a connection");
    if second {
        connection.ask(&client::get("/healthz", "")).await.expect("an answer");
    }
    connection.stream.write_all(b"GET /any/protected HTTP/1.1\r\nhost: x\r\nx-slow: ").await.expect("room");
    drip(connection.stream).await
}

/// Sends a form that never ends.
async fn slow_body(address: SocketAddr) -> End {
    let mut connection = Connection::open(address).await.expect("a connection");
    let head = "POST /any/protected HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\naccess_token=";
    connection.stream.write_all(head.as_bytes()).await.expect("room");
    drip(connection.stream).await
}

/// Sends nothing, from the start or after one request.
async fn silent(address: SocketAddr, after_request: bool) -> End {
    let mut connection = Connection::open(address).await.expect("a connection");
    if after_request {
        connection.ask(&client::get("/healthz", "")).await.expect("an answer");
    }
    until_closed(connection.stream).await
}

/// The results of other clients.
struct Others {
    p99: Duration,
    slowest_new: Duration,
    failed: usize,
}

impl Others {
    fn text(&self) -> String {
        format!("{:.2?}, {:.2?}", self.p99, self.slowest_new)
    }
}

/// Sends requests on open connections, and opens a new connection ten times a second.
async fn others(address: SocketAddr, during: Duration) -> Others {
    let request = client::get("/healthz", "");
    let probe = Probe::start(address, vec![request.clone()], during);
    let (started, mut new, mut failed) = (Instant::now(), Times::default(), 0);
    while started.elapsed() < during {
        let asked = Instant::now();
        let answer = async { Connection::open(address).await?.ask(&request).await };
        failed += usize::from(!answer.await.is_ok_and(|answer| answer.status == 200));
        new.push(asked.elapsed());
        sleep(Duration::from_millis(100)).await;
    }
    let probed = probe.end().await;
    failed += probed.others_than(200);
    Others { p99: probed.times.p99(), slowest_new: new.quantile(1.0), failed }
}

fn judge_others(report: &mut Report, beside: &str, others: &Others) {
    report.exactly(format!("others beside {beside}: failed"), others.failed, 0);
    report.target(
        format!("others beside {beside}: p99, slowest new connection"),
        others.text(),
        "under 10 ms, 1 s",
        others.p99 < Duration::from_millis(10) && others.slowest_new < Duration::from_secs(1),
    );
}

/// Returns the maximum number of descriptors that the portal had open in two seconds.
async fn open(child: &Child) -> usize {
    let mut most = 0;
    for _ in 0..20 {
        most = most.max(child.descriptors());
        sleep(Duration::from_millis(100)).await;
    }
    most
}
