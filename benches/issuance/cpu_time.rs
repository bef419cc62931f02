//! What is measured: the time that a core works for a thread, so that other programs on the machine change little.

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use rustix::time::{ClockId, clock_gettime};

/// The processor's time of the thread that runs a benchmark (`CLOCK_THREAD_CPUTIME_ID`).
pub(crate) struct CpuTime;

static AS_OTHER_TIMES: WallTime = WallTime;

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec.try_into().unwrap(), now.tv_nsec.try_into().unwrap())
    }

    fn end(&self, start: Duration) -> Duration {
        self.start().saturating_sub(start)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, time: &Duration) -> f64 {
        time.as_secs_f64() * 1e9
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        AS_OTHER_TIMES.formatter()
    }
}
