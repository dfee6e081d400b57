//! The time that a thread runs on a core. Other processes of a busy machine do not count.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

pub(crate) fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("nanoseconds"))
}
