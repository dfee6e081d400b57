//! Captures everything that this process writes: the events of all crates at TRACE, panics with
//! their backtraces, and metrics.

use std::backtrace::Backtrace;
use std::io::{self, Write};
use std::panic;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::filter::LevelFilter;

static SAID: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Part of the message of each panic that a test provokes; these panics are not printed.
pub(crate) const ON_PURPOSE: &str = "on purpose";

/// Writes into the captured output.
#[derive(Clone, Copy)]
struct Saying;

/// Starts to capture.
pub(crate) fn listen() {
    METRICS.get_or_init(|| {
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(|| Saying).init();
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let _ = writeln!(Saying, "{info}\n{}", Backtrace::force_capture());
            if !info.to_string().contains(ON_PURPOSE) {
                default(info);
            }
        }));
        PrometheusBuilder::new().install_recorder().unwrap()
    });
}

/// Returns everything that has been captured, from any test.
pub(crate) fn said() -> Vec<u8> {
    lock().clone()
}

/// Returns all metrics.
pub(crate) fn metrics() -> String {
    METRICS.get().unwrap().render()
}

fn lock() -> MutexGuard<'static, Vec<u8>> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Write for Saying {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
