//! Serves one of the ways over HTTP/1.1 on loopback, for `benches/throughput`.
//!
//!     serve              # the names of the ways
//!     serve hand-owned   # prints the port, and serves until it is killed

use kit::{Measured, Setup};
use layers::CASES;
use tokio::net::TcpListener;

fn main() -> std::io::Result<()> {
    let named = CASES.iter().filter(|case| case.measured == Measured::Accepted);
    let mut ways = named.filter_map(|case| Some((case.name.strip_prefix("bearer/")?, case)));
    let Some(name) = std::env::args().nth(1) else {
        ways.for_each(|(name, _)| println!("{name}"));
        return Ok(());
    };
    let (_, case) = ways.find(|(way, _)| *way == name).expect("the name of a way");
    let runtime = tokio::runtime::Runtime::new()?;
    let made = (case.make)(&Setup { crowd: 1_000, runtime: &runtime });
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        axum::serve(listener, made.router).await
    })
}
