//! Serves one of the ways over HTTP/1.1 on loopback, for `benches/throughput`.
//!
//!     serve              # the names of the ways, and whether each refuses
//!     serve hand-owned   # prints the port, and serves until it is killed

use layers::MODES;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let Some(name) = std::env::args().nth(1) else {
        MODES.iter().for_each(|mode| println!("{} {}", mode.name, mode.refuses));
        return Ok(());
    };
    let mode = MODES.iter().find(|mode| mode.name == name).expect("the name of a way");
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, (mode.router)()).await
}
