//! Traffic at a steady, small rate, to see what everybody else's trouble does to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use crate::client::Connection;
use crate::numbers::Times;

/// Asks the same few things over and over, on a thread of its own: the crowd's tasks do not delay its clock.
pub(crate) struct Probe(JoinHandle<Probed>);

/// What a probe saw.
#[derive(Debug, Default)]
pub(crate) struct Probed {
    pub(crate) times: Times,
    /// Answers other than 200, and connections lost.
    pub(crate) failures: usize,
}

const CONNECTIONS: usize = 8;
/// One request of each connection in this time: 800 a second.
const PAUSE: Duration = Duration::from_millis(10);

impl Probe {
    pub(crate) fn start(address: SocketAddr, requests: Vec<Vec<u8>>, during: Duration) -> Self {
        let requests = Arc::new(requests);
        Self(thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let asking = (0..CONNECTIONS).map(|_| ask(address, Arc::clone(&requests), during));
            let all = runtime.block_on(futures_util::future::join_all(asking));
            all.into_iter().fold(Probed::default(), |mut sum, one| {
                sum.times.append(one.times);
                sum.failures += one.failures;
                sum
            })
        }))
    }

    /// Waits until its time is over.
    pub(crate) async fn end(self) -> Probed {
        tokio::task::spawn_blocking(move || self.0.join().expect("the probe")).await.expect("the probe")
    }
}

async fn ask(address: SocketAddr, requests: Arc<Vec<Vec<u8>>>, during: Duration) -> Probed {
    let mut probed = Probed::default();
    let Ok(mut connection) = Connection::open(address).await else { return Probed { failures: 1, ..probed } };
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let started = Instant::now();
    for request in requests.iter().cycle() {
        ticks.tick().await;
        if started.elapsed() > during {
            break;
        }
        let asked = Instant::now();
        match connection.ask(request).await {
            Ok(answer) => {
                probed.times.push(asked.elapsed());
                probed.failures += usize::from(answer.status != 200);
            }
            Err(_) => {
                probed.failures += 1;
                let Ok(again) = Connection::open(address).await else { return probed };
                connection = again;
            }
        }
    }
    probed
}
