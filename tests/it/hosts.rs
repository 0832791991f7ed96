//! A database URL that names several hosts, and what is refused about it.

use proptest::prelude::any;
use proptest::proptest;

use tokenledger::database::HOSTS_MAX;
use tokenledger::database::Hosts;
use tokenledger::database::HostsError;
use tokenledger::database::address;

use crate::place::Place;

fn parse(url: &str) -> Result<Hosts, HostsError> {
    Hosts::parse(url, &"ledger".parse().unwrap())
}

fn addresses(url: &str) -> Vec<String> {
    let hosts = parse(url).unwrap();
    for host in hosts.as_slice() {
        assert_eq!((host.get_username(), host.get_database()), ("u", Some("db")), "{url}");
    }
    hosts.as_slice().iter().map(address).collect()
}

#[test]
fn every_way_to_name_hosts_is_read() {
    for (url, expected) in [
        ("postgres://u:p@a:6000/db", vec!["a:6000"]),
        ("postgres://u:p@a:6000,b:6001/db?sslmode=disable", vec!["a:6000", "b:6001"]),
        ("postgresql://u@a:6000,b/db?port=7000", vec!["a:7000", "b:7000"]),
        ("postgres://u@a,b/db?port=1,2", vec!["a:1", "b:2"]),
        ("postgres://u@[::1]:6000,[fe80::2]:6001/db", vec!["[::1]:6000", "[fe80::2]:6001"]),
        ("postgres://u@%2Frun%2Fa:1,%2Frun%2Fb:2/db", vec!["/run/a:1", "/run/b:2"]),
        ("postgres://u@localhost/db?host=/run/a&port=1", vec!["/run/a:1"]),
        ("postgres://u@localhost/db?host=/run/a,/run/b&port=1,2", vec!["/run/a:1", "/run/b:2"]),
        ("postgres://u@localhost/db?host=%2Fa%2C%2Fb&port=1", vec!["/a:1", "/b:1"]),
        ("postgres://u@a:1,b:2/db?target_session_attrs=read-write", vec!["a:1", "b:2"]),
    ] {
        assert_eq!(addresses(url), expected, "{url}");
    }
}

#[test]
fn what_cannot_be_a_list_is_refused_without_repeating_it() {
    let many = ["h"; HOSTS_MAX + 1].join(",");
    for (hosts, rest, error) in [
        ("a,", "", HostsError::Empty { place: 2 }),
        ("a,:5,c", "", HostsError::Empty { place: 2 }),
        ("a:1,a:1", "", HostsError::Twice { place: 2 }),
        (&many, "", HostsError::TooMany),
        ("a,b", "?host=c", HostsError::TwoLists),
        ("a,b,c", "?port=1,2", HostsError::Ports { ports: 2, hosts: 3 }),
        ("a,b", "?target_session_attrs=any", HostsError::Target),
        ("a:x,b", "", HostsError::Url),
    ] {
        let found = parse(&format!("postgres://u:hunter2@{hosts}/db{rest}")).unwrap_err();
        assert_eq!(found, error, "{hosts}{rest}");
    }
    let place = Place::new().with("DATABASE_URL", "postgres://u:hunter2@a:1,,b:2/db");
    let said = place.refused();
    assert!(said.contains("TOKENLEDGER_DATABASE_URL") && said.contains("host 2"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_list_is_shown_without_its_password_and_told_when_nobody_answers() {
    let url = "postgres://u:hunter2@127.0.0.1:1,127.0.0.1:2/db";
    let place = Place::new().with("DATABASE_URL", url).with("DATABASE_OWNER_URL", url);
    let shown = "postgres://u@127.0.0.1:1,127.0.0.1:2/db";
    assert_eq!(place.shown("TOKENLEDGER_DATABASE_URL").0, shown);
    assert_eq!(place.shown("TOKENLEDGER_DATABASE_OWNER_URL").0, shown);
    let place = place.with("MODE", "test");
    for command in [&["events", "list"][..], &["migrate"]] {
        let outcome = place.run(command);
        assert_eq!(outcome.code, 6, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("no host takes writes now"), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.stderr);
    }
}

proptest! {
    /// A password may hold any character that a URL can carry.
    #[test]
    fn no_text_makes_it_panic_or_show_a_password(url in any::<String>(), password in "[a-z]{12}") {
        drop(parse(&url));
        drop(parse(&format!("postgres://{url}")));
        let hosts = parse(&format!("postgres://u:{password}@a,b/db")).unwrap();
        assert!(!format!("{hosts:?} {hosts}").contains(&password));
    }
}
