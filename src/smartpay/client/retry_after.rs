//! `Retry-After`: how long a server asks to be left alone.

use std::time::Duration;

use chrono::DateTime;
use chrono::Utc;

/// Reads seconds or an HTTP date; what is neither says nothing. A date that has passed is no wait.
pub(crate) fn parse(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // So many digits that they are no number are still a wish to wait long.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    Some((until.to_utc() - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;

    use crate::smartpay::client::retry_after::parse;

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        let now = DateTime::from_timestamp(784_111_777, 0).unwrap();
        let seconds = |text| parse(text, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:07 GMT", now), Some(Duration::ZERO));
        for odd in ["", "-1", "1.5", "soon", "1 2", "²"] {
            assert_eq!(seconds(odd), None, "{odd}");
        }
    }
}
