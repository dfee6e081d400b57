//! What a program does with one of its cases.
//!
//!     PROGRAM                            # prints the names of the cases
//!     PROGRAM CASE requests N [plain]    # sends N requests; callgrind counts
//!     PROGRAM CASE time                  # prints ns a request on a core, with and without the case
//!     PROGRAM CASE stored N              # the same, for random callers of N
//!     PROGRAM CASE tasks N               # prints requests a second, of N tasks on two workers

use std::convert::Infallible;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use tokio::runtime::{Builder, Runtime};
use tower::{Service, ServiceExt as _};

use crate::checks::check;
use crate::clock::thread_time;
use crate::{Case, Made, Measured, Sent, Setup};

/// The number of other callers, where it is not an argument.
const CROWD: usize = 1_000;

/// The time of one round.
const ROUND: Duration = Duration::from_millis(20);

/// Runs the job that the arguments of the program name.
pub fn run<S, B, R>(cases: &[Case<S>])
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible, Future: Send> + Clone + Send + 'static,
    B: From<Bytes> + Default + 'static,
    R: http_body::Body<Data = Bytes, Error: Debug> + 'static,
{
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [name, job, rest @ ..] = &arguments[..] else {
        cases.iter().for_each(|case| println!("{}", case.name));
        return;
    };
    let case = cases.iter().find(|case| case.name == *name).expect("the name of a case");
    let number = || rest.first().and_then(|number| number.parse().ok()).expect("a number");
    let crowd = if *job == "stored" { number() } else { CROWD };
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let made = (case.make)(&Setup { crowd, runtime: &runtime });
    runtime.block_on(check(name, &made));
    let sent = match case.measured {
        Measured::Accepted => made.accepted.clone(),
        Measured::Missing => made.accepted.without_credential(),
        Measured::Wrong => made.wrong.clone().expect("a wrong credential"),
    };
    match *job {
        "requests" => {
            let router = if rest.get(1) == Some(&"plain") { made.plain } else { made.router };
            send(&runtime, router, std::slice::from_ref(&sent), number());
        }
        "time" => time(&runtime, &made, &[sent]),
        "stored" => time(&runtime, &made, &random(made.of_crowd.expect("other callers"), crowd)),
        "tasks" => println!("{}", tasks(&made, number())),
        _ => panic!("no job {job}"),
    }
}

/// Sends requests one after the other, as one connection does.
fn send<S, B, R>(runtime: &Runtime, mut router: S, sent: &[Sent], requests: usize)
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible>,
    B: From<Bytes> + Default,
{
    // A connection of a server is polled anew for each request, so tokio's budget for one poll must
    // not end here.
    runtime.block_on(tokio::task::unconstrained(async {
        for sent in sent.iter().cycle().take(requests) {
            let Ok(ready) = router.ready().await;
            let Ok(response) = ready.call(sent.build()).await;
            drop(response);
        }
    }));
}

/// Returns the requests of random callers, in an order that no prefetcher can predict.
fn random(of_crowd: fn(usize) -> Sent, crowd: usize) -> Vec<Sent> {
    (0..crowd.clamp(1_000, 200_000)).map(|at| of_crowd(at.wrapping_mul(7_919) % crowd)).collect()
}

/// Prints the medians of alternating rounds through the router and through the plain one.
fn time<S, B, R>(runtime: &Runtime, made: &Made<S>, sent: &[Sent])
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible> + Clone,
    B: From<Bytes> + Default,
{
    let round = |router: &S, requests: usize| {
        let start = thread_time();
        send(runtime, router.clone(), sent, requests);
        thread_time() - start
    };
    let all = sent.len().max(200);
    let first = round(&made.router, all);
    let times = ROUND.as_nanos() / first.as_nanos().max(1);
    let requests = all * usize::try_from(times.clamp(1, 1_000)).expect("a number");
    let mut rounds: Vec<_> =
        (0..9).map(|_| (round(&made.router, requests), round(&made.plain, requests))).collect();
    let mut median = |of: fn(&(Duration, Duration)) -> Duration| {
        rounds.sort_unstable_by_key(of);
        of(&rounds[rounds.len() / 2]).as_nanos() as f64 / requests as f64
    };
    println!("{:.1} {:.1}", median(|round| round.0), median(|round| round.1));
}

/// Returns requests a second of this number of tasks on two workers, each task with its own caller.
fn tasks<S, B, R>(made: &Made<S>, tasks: usize) -> f64
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible, Future: Send> + Clone + Send + 'static,
    B: From<Bytes> + Default + 'static,
    R: 'static,
{
    const REQUESTS: usize = 400_000;
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let each = (REQUESTS / tasks).max(1);
    let round = || {
        let start = Instant::now();
        let running: Vec<_> = (0..tasks)
            .map(|at| {
                let mut router = made.router.clone();
                let sent = made.of_crowd.map_or_else(|| made.accepted.clone(), |of| of(at % CROWD));
                runtime.spawn(async move {
                    for done in 0..each {
                        let Ok(ready) = router.ready().await;
                        let Ok(response) = ready.call(sent.build()).await;
                        drop(response);
                        // As a connection that waits for its next request.
                        if done % 32 == 31 {
                            tokio::task::yield_now().await;
                        }
                    }
                })
            })
            .collect();
        runtime.block_on(async {
            for task in running {
                task.await.expect("a task");
            }
        });
        (each * tasks) as f64 / start.elapsed().as_secs_f64()
    };
    round();
    round()
}
