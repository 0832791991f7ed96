//! Everything that is tested through the edges: one binary.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod home;
mod running;
mod postgres;
mod skip;
mod seed;
mod tree;
/// Webhook bodies to begin from.
mod bodies;
/// A directory and an environment to run the binary in.
mod place;
mod token_inputs;
mod token_random;
mod token_verbs;
mod lookups;
mod merchant;
mod naive_reader;
mod logged;
mod proxy;
mod request;
/// A load.
mod shops;
/// A ledger as in production, to start services on.
mod site;
/// The proxy of the guide.
mod haproxy;
mod wire;
mod world;
mod busy_ledger;
mod planted;
/// A primary and its standby.
mod pair;
/// The same under Patroni.
mod patroni;

mod access;
mod answers;
mod bad_input;
mod claims;
mod commands;
mod demo;
mod dev_demo;
mod documents;
mod door;
mod door_record;
mod doctor;
mod embedded;
mod failing_data;
mod failing_database;
mod failover;
mod flood;
mod fuzz_corpus;
mod golden;
mod import;
mod hosts;
mod idempotency;
mod inbox;
mod interface;
mod kill;
mod notice;
mod no_token_id_at_rest;
mod no_token_id_in_a_run;
mod notice_properties;
mod positions;
mod production;
mod projection_equals_fold;
mod readings;
mod readings_due;
mod reconcile;
mod replay;
mod reveal;
mod retention;
mod rotation;
mod roles;
mod roles_table;
mod sealing;
mod sandbox;
mod sandbox_demo;
mod sandbox_sender;
mod pretend;
mod dev_sandbox;
mod settings;
mod several_processes;
mod smartpay_client;
mod signature;
mod smartpay_words;
mod starts;
mod signatures_at_the_door;
mod strict_json;
mod tidy;
mod traces;
mod tidy_commands;
mod tidy_tables;
mod token_asks;
mod token_histories;
mod token_own;
mod token_properties;
mod token_reference;
mod token_rules;
mod token_witnesses;
mod token_words;
mod verify;
mod webhooks;
