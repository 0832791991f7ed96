//! The tokens of all consumers, and single events.

use serde_json::Value;
use serde_json::json;
use tokenledger::token::Happened;

use crate::bodies::NOW_MS;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::token_id;
use crate::world::told;

fn refs(list: &Value) -> Vec<String> {
    let data = list["data"].as_array().unwrap();
    data.iter().map(|one| one["ref"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn all_tokens_are_listed_newest_first_narrowed_by_every_filter() {
    let world = World::new().await;
    let served = world.serves().await;
    assert_eq!(served.reads("/v1/tokens").await["data"], json!([]));
    for number in 1..=4 {
        world.delivers(&approved(&token_id(number))).await;
    }
    world.claims(&token_id(1), claim("s1", "c1")).await;
    world.claims(&token_id(2), claim("s2", "c1")).await;
    world.delivers(&told(&token_id(2), Happened::Disabled, NOW_MS - 500)).await;
    let of = |numbers: &[u64]| -> Vec<String> {
        numbers.iter().map(|number| world.ref_of(&token_id(*number)).to_string()).collect()
    };
    let table: [(&str, &[u64]); 6] = [
        ("", &[4, 3, 2, 1]),
        ("?usable=true", &[4, 3, 1]),
        ("?status=disabled", &[2]),
        ("?consumer=c1", &[2, 1]),
        ("?consumer=c1&usable=true&status=active", &[1]),
        ("?status=active&usable=false", &[]),
    ];
    for (query, numbers) in table {
        assert_eq!(
            refs(&served.reads(&format!("/v1/tokens{query}")).await),
            of(numbers),
            "{query}"
        );
    }
    let mut seen = Vec::new();
    let mut path = "/v1/tokens?usable=true&limit=1".to_owned();
    for _ in 0..3 {
        let page = served.reads(&path).await;
        seen.extend(refs(&page));
        let cursor = page["next_cursor"].as_str().unwrap_or_default().to_owned();
        path = format!("/v1/tokens?usable=true&limit=1&cursor={cursor}");
    }
    assert_eq!(seen, of(&[4, 3, 1]));
    let page = served.reads("/v1/tokens?limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    for other in ["/v1/tokens?usable=true&", "/v1/tokens?consumer=c1&", "/v1/deliveries?"] {
        served.gets(&format!("{other}cursor={cursor}")).await.refuses(400, "cursor_invalid");
    }
    for wrong in ["status=unknown", "usable=yes", "consumer=", "consumer=a%0a", "session=s1"] {
        let path = format!("/v1/tokens?{wrong}");
        served.gets(&path).await.refuses(400, "parameter_invalid");
    }
}

#[tokio::test]
async fn an_event_is_found_by_its_position_and_is_the_one_of_the_list() {
    let world = World::new().await;
    let served = world.serves().await;
    world.delivers(&approved(&token_id(1))).await;
    world.delivers(&told(&token_id(1), Happened::Disabled, NOW_MS - 500)).await;
    let list = served.reads("/v1/events").await;
    for position in [1, 2] {
        let event = served.reads(&format!("/v1/events/{position}")).await;
        assert_eq!(event, list["data"][position - 1]);
    }
    for unknown in ["0", "3", "-1", "01", "+1", "1.0", "x", "9223372036854775807", "%F0"] {
        served.gets(&format!("/v1/events/{unknown}")).await.refuses(404, "not_found");
    }
    served.gets("/v1/events/1?limit=1").await.refuses(400, "parameter_invalid");
}
