//! Times in words.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Day in UTC. `Display` writes `29 November 2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    year: u64,
    month: u64,
    day: u64,
}

/// Returns the time in words, rounded up: a user who waits that long has waited long enough.
pub(super) fn at_most(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let unit = unit(seconds);
    counted(seconds.div_ceil(unit).max(1), unit)
}

/// Returns the time in words, rounded down: the time is not over before.
pub(super) fn at_least(time: Duration) -> String {
    let unit = unit(time.as_secs());
    counted(time.as_secs() / unit, unit)
}

/// Returns the largest unit of which the time has at least two, or else exactly one.
fn unit(seconds: u64) -> u64 {
    let fits = |unit: &u64| seconds >= 2 * unit || seconds == *unit;
    [DAY, HOUR, MINUTE].into_iter().find(fits).unwrap_or(1)
}

fn counted(count: u64, unit: u64) -> String {
    let name = match unit {
        DAY => "day",
        HOUR => "hour",
        MINUTE => "minute",
        _ => "second",
    };
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

impl Date {
    /// Returns the date as `2026-11-29`.
    pub(super) fn machine(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl From<SystemTime> for Date {
    /// Times before 1970 are taken for its first day.
    fn from(time: SystemTime) -> Self {
        let days = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / DAY;
        // Counted from 1 March of the year 0, so that a leap day is the last day of its year. An
        // era has 400 years, after which the calendar repeats.
        let days = days + 719_468;
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let from_march = (5 * day + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: 400 * era + year + u64::from(month <= 2),
            month,
            day: day - (153 * from_march + 2) / 5 + 1,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let month = usize::try_from(self.month - 1).ok().and_then(|index| MONTHS.get(index));
        write!(f, "{} {} {}", self.day, month.unwrap_or(&""), self.year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_the_largest_unit_that_is_clear() {
        for (seconds, up, down) in [
            (0, "1 second", "0 seconds"),
            (1, "1 second", "1 second"),
            (59, "59 seconds", "59 seconds"),
            (60, "1 minute", "1 minute"),
            (90, "90 seconds", "90 seconds"),
            (121, "3 minutes", "2 minutes"),
            (3_600, "1 hour", "1 hour"),
            (3_601, "61 minutes", "60 minutes"),
            (7_200, "2 hours", "2 hours"),
            (86_400, "1 day", "1 day"),
            (27 * 86_400, "27 days", "27 days"),
        ] {
            let time = Duration::from_secs(seconds);
            assert_eq!((at_most(time), at_least(time)), (up.to_owned(), down.to_owned()));
        }
        assert_eq!(at_most(Duration::from_millis(1_001)), "2 seconds");
        assert_eq!(at_least(Duration::from_millis(1_999)), "1 second");
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, machine, words) in [
            (0, "1970-01-01", "1 January 1970"),
            (951_782_400, "2000-02-29", "29 February 2000"),
            (951_868_800, "2000-03-01", "1 March 2000"),
            (1_709_164_800, "2024-02-29", "29 February 2024"),
            (1_735_689_599, "2024-12-31", "31 December 2024"),
            (1_795_910_400, "2026-11-29", "29 November 2026"),
            (4_107_542_400, "2100-03-01", "1 March 2100"),
        ] {
            let date = Date::from(UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!((date.machine(), date.to_string()), (machine.to_owned(), words.to_owned()));
        }
        let early = Date::from(UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(early.machine(), "1970-01-01");
    }
}
