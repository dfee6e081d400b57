//! Work with a time limit, whose panics do not close the connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};

pin_project! {
    /// Work under a deadline; a panic in it is an outcome and does not unwind.
    ///
    /// The timer is made only when the work first waits. Without a tokio runtime there is no timer.
    pub(crate) struct Bounded<F> {
        #[pin]
        work: F,
        #[pin]
        timer: Timer,
    }
}

pin_project! {
    /// A time limit that begins when the work first waits.
    #[project = TimerProjection]
    pub(crate) enum Timer {
        /// The work has not waited yet.
        Unset { after: Duration },
        Set { #[pin] sleep: Sleep },
        /// There is no timer.
        Off,
    }
}

/// The reason why bounded work has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfinished {
    Late,
    Panicked,
}

impl<F> Bounded<F> {
    pub(crate) const fn new(work: F, deadline: Duration) -> Self {
        Self { work, timer: Timer::after(deadline) }
    }
}

impl<F: Future> Future for Bounded<F> {
    type Output = Result<F::Output, Unfinished>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.timer.bound(context, |context| this.work.poll(context))
    }
}

impl Timer {
    pub(crate) const fn after(deadline: Duration) -> Self {
        Self::Unset { after: deadline }
    }

    /// Polls work under this limit. A panic in it is an outcome.
    #[inline]
    pub(crate) fn bound<T>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<Result<T, Unfinished>> {
        match caught(|| poll(context)) {
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Ok(Poll::Pending) => self.poll_late(context).map(|()| Err(Unfinished::Late)),
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    }

    /// Returns when the time is over, which begins with the first poll.
    fn poll_late(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Self::Unset { after } = *self {
            self.set(timer(after).map_or(Self::Off, |sleep| Self::Set { sleep }));
        }
        match self.project() {
            TimerProjection::Set { sleep } => sleep.poll(context),
            TimerProjection::Unset { .. } | TimerProjection::Off => Poll::Pending,
        }
    }
}

/// Returns a timer, or `None` without a tokio runtime, or in a runtime that was built without
/// timers.
// The deadline needs a tokio timer. It is made only when verification first waits. Outside a tokio
// runtime there is no timer and no deadline. Reading a form body has a deadline of its own. The
// verifications of head and body share one.
pub(crate) fn timer(after: Duration) -> Option<Sleep> {
    Handle::try_current().ok()?;
    caught(|| sleep(after)).ok()
}

/// Runs a function that may panic.
// Panics are caught where foreign code runs. If a verifier, policy, tenant function or custom
// grammar panics, the answer is a 500. If a `RenderRejection` panics, it is the standard answer.
// None of this helps with `panic = "abort"`.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Unfinished> {
    // Dropping the panic's payload could panic again, so it is not dropped.
    catch_unwind(AssertUnwindSafe(work)).map_err(|thrown| {
        std::mem::forget(thrown);
        Unfinished::Panicked
    })
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test(start_paused = true)]
    async fn work_ends_in_time_or_late_or_in_a_panic() {
        assert_eq!(Bounded::new(ready(7), SOON).await, Ok(7));
        assert_eq!(Bounded::new(pending::<()>(), SOON).await, Err(Unfinished::Late));
        assert_eq!(
            Bounded::new(async { panic!("on purpose") }, SOON).await,
            Err::<(), _>(Unfinished::Panicked)
        );
        assert_eq!(Bounded::new(async { sleep(SOON / 2).await }, SOON).await, Ok(()));
    }

    #[test]
    fn without_a_runtime_there_is_no_deadline() {
        let waker = std::task::Waker::noop();
        let mut work = std::pin::pin!(Bounded::new(pending::<()>(), Duration::ZERO));
        assert!(work.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    }
}
