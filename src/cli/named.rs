//! What people name on the command line: tokens, deliveries, time zones.

use chrono_tz::Tz;

use tokenledger::smartpay::ids::TOKEN_ID_PREFIX;
use tokenledger::vault::Ref;

use crate::cli::exit::Exit;

const WORDS_CHARS_MAX: usize = 128;

/// The ref that was meant. Read here and not by clap, which repeats what it refuses: it may be a
/// token id that was pasted by mistake.
pub(crate) fn reference(text: &str) -> Result<Ref, Exit> {
    Ref::parse(text).map_err(|error| {
        let hint = if text.contains("paytok_") {
            "; this is a Smartpay token id, which can charge and does not belong on a command line"
        } else {
            ""
        };
        Exit::usage(format!("the token's REF: {error}{hint}"))
    })
}

pub(crate) fn zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| "write a name such as Asia/Tokyo, Europe/London or UTC".to_owned())
}

/// `in_17`, or the bare number.
pub(crate) fn input_number(text: &str) -> Result<i64, String> {
    let number = text.strip_prefix("in_").unwrap_or(text).parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "a delivery is named like in_17".to_owned())
}

/// Who, or why: text that goes on record. Read here and not by clap, which repeats what it refuses.
pub(crate) fn words(flag: &str, text: &str) -> Result<String, Exit> {
    let fits = (1..=WORDS_CHARS_MAX).contains(&text.chars().count())
        && !text.chars().any(char::is_control)
        && !text.contains(TOKEN_ID_PREFIX);
    fits.then(|| text.to_owned()).ok_or_else(|| {
        Exit::usage(format!(
            "{flag}: write 1 to {WORDS_CHARS_MAX} characters, without controls and token ids"
        ))
    })
}

#[cfg(test)]
mod tests {
    use crate::cli::named::input_number;
    use crate::cli::named::reference;

    #[test]
    fn a_token_id_in_place_of_a_ref_is_not_repeated() {
        let refused = format!("{:?}", reference("paytok_test_zAo001ZRfyjz1F4rMyYPnL").unwrap_err());
        assert!(refused.contains("does not belong on a command line"));
        assert!(!refused.contains("zAo001"));
    }

    #[test]
    fn a_delivery_is_named_by_its_number() {
        assert_eq!(input_number("in_17"), Ok(17));
        assert_eq!(input_number("17"), Ok(17));
        for wrong in ["in_0", "in_-3", "in_", "evt_17"] {
            assert!(input_number(wrong).is_err());
        }
    }
}
