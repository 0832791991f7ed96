//! Cases that words alone describe: where each is tested, or what is missing before it can be.

/// Case and test.
pub(crate) const TESTED: [(&str, &str); 26] = [
    ("W066", "ordering: the_same_event_at_two_endpoints_is_applied_once_and_witnessed_once"),
    ("W068", "the tests that kill the service under load"),
    ("W070", "ordering: a_charge_before_anything_else_is_usage_and_asks_for_a_reading"),
    ("W072", "ordering: an_older_approval_that_comes_later_leaves_the_token_disabled"),
    ("W074", "ordering: what_comes_after_a_deletion_is_an_anomaly_and_stays_unusable"),
    ("W076", "ordering: a_webhook_before_the_claim_is_linked_when_the_claim_comes"),
    ("W078", "ordering: an_approval_after_a_rejection_decides_and_is_an_anomaly"),
    ("W080", "ordering: every_order_of_five_notices_gives_the_same_answer"),
    ("W200", "availability: while_the_database_is_away_nothing_is_taken_and_afterwards_all_is"),
    ("W202", "availability: a_thousand_deliveries_at_once_are_taken_or_told_to_come_again"),
    ("W204", "availability: a_panic_is_one_refusal_and_the_service_lives"),
    ("W206", "availability: readiness_ends_before_the_listener_does"),
    ("W208", "availability: a_clock_ten_minutes_wrong_refuses_and_says_so_in_the_counters"),
    ("R011", "access: a_revoked_key_is_refused_in_time_and_others_are_not"),
    ("R013", "answers: a key and a ref of another ledger"),
    ("R023", "reveal: a_key_without_the_scope_is_refused_and_told_in_the_log"),
    ("R050", "answers: an unknown ref"),
    ("R052", "answers: foreign cursors"),
    ("R054", "answers: a parameter not yet served"),
    ("R056", "answers: a parameter not yet served"),
    ("R058", "answers: waiting for a position"),
    ("R060", "answers: framework refusals"),
    ("R062", "answers: a preflight"),
    ("R114", "replay: compared without a write"),
    ("R116", "replay: a record read in part is refused"),
    ("R118", "the tests of roles and triggers"),
];

/// Case and what it waits for.
pub(crate) const LATER: [(&str, &str); 13] = [
    ("R064", "the feed as a stream"),
    ("R066", "the feed as a stream"),
    ("R091", "checkout sessions"),
    ("R093", "checkout sessions, more keys than one"),
    ("R095", "checkout sessions"),
    ("R097", "checkout sessions"),
    ("R099", "checkout sessions"),
    ("R101", "checkout sessions"),
    ("R103", "checkout sessions"),
    ("R105", "checkout sessions"),
    ("R107", "commands"),
    ("R109", "commands"),
    ("R111", "checkout sessions"),
];
