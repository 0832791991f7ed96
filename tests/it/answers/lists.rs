//! A consumer's tokens: verdicts, filters, pages.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;
use serde_json::json;
use tokenledger::token::Happened;

use crate::bodies::NOW_MS;
use crate::world::Served;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::token_id;
use crate::world::told;

const LIST: &str = "/v1/consumers/c1/tokens";

/// A token of this consumer that was approved.
async fn active(world: &World, number: u64, consumer: &str) -> String {
    let token = token_id(number);
    world.delivers(&approved(&token)).await;
    world.claims(&token, claim(&format!("s{number}"), consumer)).await;
    world.ref_of(&token).to_string()
}

/// One token of `c1` in each status that notices give.
async fn one_of_each(world: &World) {
    let all = [
        Happened::Created,
        Happened::Approved,
        Happened::Disabled,
        Happened::Rejected,
        Happened::Deleted,
    ];
    for (number, happened) in (1..).zip(all) {
        let token = token_id(number);
        world.delivers(&told(&token, happened, NOW_MS - 1_000)).await;
        world.claims(&token, claim(&format!("s{number}"), "c1")).await;
    }
}

fn refs(list: &Value) -> Vec<String> {
    texts(list, "ref")
}

fn texts(list: &Value, name: &str) -> Vec<String> {
    let data = list.get("data").unwrap().as_array().unwrap();
    data.iter().map(|one| one.get(name).unwrap().as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_consumer_has_its_tokens_newest_first_and_each_says_whether_it_is_usable() {
    let world = World::new().await;
    let served = world.serves().await;
    one_of_each(&world).await;
    let list = served.reads(LIST).await;
    let data = list.get("data").unwrap().as_array().unwrap();
    let verdict = |one: &Value| json!([one["status"], one["usable"], one["unusable_reason"]]);
    let verdicts: Vec<Value> = data.iter().map(verdict).collect();
    assert_eq!(
        verdicts,
        [
            json!(["deleted", false, "deleted"]),
            json!(["rejected", false, "rejected"]),
            json!(["disabled", false, "disabled"]),
            json!(["active", true, null]),
            json!(["awaiting_authorization", false, "awaiting_authorization"]),
        ]
    );
    assert_eq!(list.get("as_of").unwrap(), 10);
    assert_eq!((&list["has_more"], &list["next_cursor"]), (&json!(false), &Value::Null));
}

#[tokio::test]
async fn filters_admit_what_both_of_them_admit() {
    let world = World::new().await;
    let served = world.serves().await;
    one_of_each(&world).await;
    let table: [(&str, &[&str]); 6] = [
        ("usable=true", &["active"]),
        ("usable=false", &["deleted", "rejected", "disabled", "awaiting_authorization"]),
        ("status=disabled", &["disabled"]),
        ("status=disabled&usable=false", &["disabled"]),
        ("status=disabled&usable=true", &[]),
        ("usable=false&limit=2", &["deleted", "rejected"]),
    ];
    for (query, statuses) in table {
        let list = served.reads(&format!("{LIST}?{query}")).await;
        assert_eq!(texts(&list, "status"), statuses, "{query}");
    }
}

#[tokio::test]
async fn pages_are_complete_and_stable_while_new_tokens_arrive() {
    let world = World::new().await;
    let served = world.serves().await;
    let mut expected = Vec::new();
    for number in 1..=23 {
        expected.insert(0, active(&world, number, "c1").await);
    }
    let (mut found, mut number, mut query) = (Vec::new(), 23, "limit=5".to_owned());
    loop {
        let page = served.reads(&format!("{LIST}?{query}")).await;
        found.extend(refs(&page));
        if page.get("has_more").unwrap() == false {
            assert_eq!(page.get("next_cursor").unwrap(), &Value::Null);
            break;
        }
        assert_eq!(refs(&page).len(), 5);
        query = format!("limit=5&cursor={}", page["next_cursor"].as_str().unwrap());
        number += 1;
        active(&world, number, "c1").await;
        // An old one moves in the record, and not in the list.
        world.delivers(&told(&token_id(3), Happened::Disabled, NOW_MS - 500 + 7)).await;
    }
    assert_eq!(found, expected);
    // The page size may change on the way, and the default is 50.
    assert_eq!(refs(&served.reads(LIST).await).len(), usize::try_from(number).unwrap());
}

#[tokio::test]
async fn a_cursor_goes_on_in_its_own_list_alone() {
    let world = World::new().await;
    let served = world.serves().await;
    for number in 1..=6 {
        active(&world, number, if number > 3 { "c1" } else { "c2" }).await;
    }
    let cursor = next(&served, &format!("{LIST}?limit=1")).await;
    assert_eq!(refs(&served.reads(&format!("{LIST}?limit=2&cursor={cursor}")).await).len(), 2);
    let history = format!("/v1/tokens/{}/events", world.ref_of(&token_id(1)));
    let events = next(&served, "/v1/events?limit=1").await;
    let other_world = World::new().await;
    let other = other_world.serves().await;
    for number in 4..=5 {
        active(&other_world, number, "c1").await;
    }
    let of_another_ledger = next(&other, &format!("{LIST}?limit=1")).await;
    let (head, last) = cursor.split_at(cursor.len() - 1);
    let garbled = format!("{head}{}", if last == "A" { "E" } else { "A" });
    for foreign in [
        format!("/v1/consumers/c2/tokens?cursor={cursor}"),
        format!("{LIST}?usable=true&cursor={cursor}"),
        format!("{LIST}?status=active&cursor={cursor}"),
        format!("{LIST}?cursor={events}"),
        format!("{LIST}?cursor={of_another_ledger}"),
        format!("{LIST}?cursor={garbled}"),
        format!("{LIST}?cursor={head}"),
        format!("{LIST}?cursor={cursor}="),
        format!("/v1/events?cursor={cursor}"),
        format!("{history}?cursor={cursor}"),
        format!("{history}?cursor={events}"),
    ] {
        let problem = served.gets(&foreign).await.refuses(400, "cursor_invalid");
        assert!(!problem.to_string().contains(&cursor));
    }
    world.execute("UPDATE head SET incarnation = incarnation + 1").await;
    for stale in [format!("{LIST}?cursor={cursor}"), format!("/v1/events?cursor={events}")] {
        served.gets(&stale).await.refuses(410, "incarnation_changed");
    }
}

async fn next(served: &Served, path: &str) -> String {
    served.reads(path).await.get("next_cursor").unwrap().as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_consumer_is_compared_byte_for_byte_and_an_unknown_one_has_no_tokens() {
    let world = World::new().await;
    let served = world.serves().await;
    let consumers = ["c1", "C1", "\u{e9}", "e\u{301}", " c1", "a/b", "a?b&c=d", "%41"];
    let mut all = BTreeSet::new();
    for (number, consumer) in (1..).zip(consumers) {
        let reference = active(&world, number, consumer).await;
        let list = served.reads(&format!("/v1/consumers/{}/tokens", escaped(consumer))).await;
        assert_eq!(refs(&list), [reference.as_str()], "{consumer}");
        assert_eq!(list.pointer("/data/0/consumer").unwrap(), consumer);
        all.insert(reference);
    }
    assert_eq!(all.len(), consumers.len());
    let nobody = served.reads("/v1/consumers/nobody/tokens").await;
    let head = json!(2 * consumers.len());
    let empty = json!({"data": [], "next_cursor": null, "has_more": false, "as_of": head});
    assert_eq!(nobody, empty);
}

/// Every byte, so that nothing of the path has a meaning.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut path, byte| {
        write!(path, "%{byte:02X}").unwrap();
        path
    })
}
