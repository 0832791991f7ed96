//! Cases that words alone describe: where each is tested, or what is missing before it can be.

/// Case and test.
pub(crate) const TESTED: [(&str, &str); 37] = [
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
    (
        "R091",
        "same_request: one_key_for_another_request_is_refused_and_another_key_is_another_session",
    ),
    ("R093", "idempotency: a_key_is_its_clients_own"),
    (
        "R095",
        "same_request: a_client_that_leaves_in_the_middle_gets_its_session_when_it_asks_again",
    ),
    ("R097", "same_request: a_time_out_after_the_session_was_made_is_202_and_makes_no_second"),
    ("R099", "odd_answers: a_session_that_smartpay_refuses_is_refused"),
    ("R101", "odd_answers: a_session_whose_answer_is_odd_is_neither_made_nor_lost"),
    ("R103", "odd_answers: a_session_whose_answer_is_odd_is_neither_made_nor_lost"),
    ("R105", "fields: a_url_is_https_and_names_a_host_and_nobody"),
    ("R107", "changes: what_is_so_already_is_200_and_no_event"),
    ("R109", "changes: a_change_needs_a_known_token_a_reason_and_the_newest_version"),
    ("R111", "privacy: what_is_told_of_a_shopper_passes_through_unchanged_and_is_not_kept"),
];

/// Case and what it waits for.
pub(crate) const LATER: [(&str, &str); 2] =
    [("R064", "the feed as a stream"), ("R066", "the feed as a stream")];
