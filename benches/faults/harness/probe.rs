//! Traffic at a small, steady rate, to measure how a fault affects other clients.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::harness::client::Connection;
use crate::harness::numbers::Times;

/// Sends the same few requests repeatedly from its own thread, so that the tasks of the load do not
/// delay its clock.
pub(crate) struct Probe(JoinHandle<Probed>);

/// The results of a probe.
#[derive(Debug, Default)]
pub(crate) struct Probed {
    pub(crate) times: Times,
    /// The number of answers by status; 0 is a lost connection.
    statuses: BTreeMap<u16, usize>,
}

/// The rate of requests.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) connections: usize,
    /// The interval between requests of one connection.
    pub(crate) pause: Duration,
}

impl Pace {
    /// A thousand requests a second over few connections, if answers come at once.
    pub(crate) const STEADY: Self = Self { connections: 8, pause: Duration::from_millis(8) };
}

impl Probed {
    /// Returns the number of answers with this status.
    pub(crate) fn answered(&self, status: u16) -> usize {
        self.statuses.get(&status).copied().unwrap_or_default()
    }

    /// Returns the number of all other results, which includes lost connections.
    pub(crate) fn others_than(&self, status: u16) -> usize {
        self.statuses.values().sum::<usize>() - self.answered(status)
    }

    fn see(&mut self, status: u16) {
        *self.statuses.entry(status).or_default() += 1;
    }
}

impl Probe {
    /// Starts requests at a steady pace.
    pub(crate) fn start(address: SocketAddr, requests: Vec<Vec<u8>>, during: Duration) -> Self {
        Self::paced(address, requests, during, Pace::STEADY)
    }

    pub(crate) fn paced(
        address: SocketAddr,
        requests: Vec<Vec<u8>>,
        during: Duration,
        Pace { connections, pause }: Pace,
    ) -> Self {
        let requests = Arc::new(requests);
        Self(thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let asking = (0..connections).map(|at| {
                // Each connection starts at another place of the list and at another time.
                let start = (at * requests.len() / connections, pause * at as u32 / connections as u32);
                ask(address, Arc::clone(&requests), start, during, pause)
            });
            let all = runtime.block_on(futures_util::future::join_all(asking));
            all.into_iter().fold(Probed::default(), |mut sum, one| {
                sum.times.append(one.times);
                for (status, count) in one.statuses {
                    *sum.statuses.entry(status).or_default() += count;
                }
                sum
            })
        }))
    }

    /// Waits until the probe's time is over.
    pub(crate) async fn end(self) -> Probed {
        tokio::task::spawn_blocking(move || self.0.join().expect("the probe")).await.expect("the probe")
    }
}

async fn ask(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    (first, after): (usize, Duration),
    during: Duration,
    pause: Duration,
) -> Probed {
    let mut probed = Probed::default();
    let started = Instant::now();
    sleep(after).await;
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut connection = Connection::open(address).await;
    for request in requests.iter().cycle().skip(first) {
        ticks.tick().await;
        if started.elapsed() > during {
            break;
        }
        let Ok(open) = &mut connection else {
            probed.see(0);
            connection = Connection::open(address).await;
            continue;
        };
        let asked = Instant::now();
        match open.ask(request).await {
            Ok(answer) => {
                probed.times.push(asked.elapsed());
                probed.see(answer.status);
                if answer.closes {
                    connection = Connection::open(address).await;
                }
            }
            Err(lost) => connection = Err(lost),
        }
    }
    probed
}
