//! Counts and times every case; see `kit::run`.

fn main() {
    kit::run::<_, axum::body::Body, _>(layers::CASES);
}
