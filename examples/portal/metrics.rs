//! `GET /metrics`: the library's metrics, as text for Prometheus.

use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::interval;

/// The buckets in seconds, from a cached answer to a slow password hash.
const VERIFICATION: [f64; 9] = [0.000_01, 0.000_1, 0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 2.0];
/// The interval at which measurements are aggregated; until then each one is kept.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the recorder, which counts from now on.
pub(crate) fn install() -> Result<PrometheusHandle, BuildError> {
    let verification = Matcher::Full("tower_principal_verification_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(verification, &VERIFICATION)?;
    let handle = builder.install_recorder()?;
    let recorder = handle.clone();
    tokio::spawn(async move {
        let mut upkeep = interval(UPKEEP);
        loop {
            upkeep.tick().await;
            recorder.run_upkeep();
        }
    });
    Ok(handle)
}

pub(crate) fn routes(handle: PrometheusHandle) -> Router {
    let text = async move || ([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render());
    Router::new().route("/metrics", get(text))
}
