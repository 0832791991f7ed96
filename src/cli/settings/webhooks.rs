//! Webhook endpoints: names, secrets and subscription ids, given pairwise.

use tokenledger::smartpay::SigningSecret;

const ENDPOINT_CHARS_MAX: usize = 64;
/// Two are a rotation; more than a few of them are a mistake.
const PAIRS_MAX: usize = 64;

/// An endpoint of the path, with every secret that is live for it.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub name: String,
    pub keys: Vec<WebhookKey>,
}

/// A secret and the subscription that signs with it; without an id none is checked.
#[derive(Clone, Debug)]
pub(crate) struct WebhookKey {
    pub secret: SigningSecret,
    pub subscription_id: Option<String>,
}

/// Pairs the three lists. `names` and `ids` that were not given apply to every secret.
pub(crate) fn pair(
    names: Option<&str>,
    secrets: &str,
    ids: Option<&str>,
) -> anyhow::Result<Vec<Endpoint>> {
    let secrets: Vec<&str> = secrets.split(',').collect();
    let count = secrets.len();
    anyhow::ensure!(count <= PAIRS_MAX, "at most {PAIRS_MAX} webhook secrets are supported");
    let names = list(names, "main", count, "TOKENLEDGER_WEBHOOK_ENDPOINTS")?;
    let ids = list(ids, "", count, "TOKENLEDGER_WEBHOOK_SUBSCRIPTION_IDS")?;
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for (place, ((name, text), id)) in (1..).zip(names.into_iter().zip(secrets).zip(ids)) {
        check_name(name)?;
        let secret = SigningSecret::parse(text).map_err(|error| {
            let of = if count > 1 { format!(", secret {place} of {count}") } else { String::new() };
            anyhow::anyhow!("TOKENLEDGER_WEBHOOK_SECRETS (endpoint {name}{of}): {error}")
        })?;
        let subscription_id = Some(id.to_owned()).filter(|id| !id.is_empty());
        let key = WebhookKey { secret, subscription_id };
        match endpoints.iter_mut().find(|endpoint| endpoint.name == name) {
            Some(endpoint) => endpoint.keys.push(key),
            None => endpoints.push(Endpoint { name: name.to_owned(), keys: vec![key] }),
        }
    }
    Ok(endpoints)
}

fn list<'a>(
    given: Option<&'a str>,
    default: &'a str,
    count: usize,
    variable: &str,
) -> anyhow::Result<Vec<&'a str>> {
    let Some(given) = given else { return Ok(vec![default; count]) };
    let items: Vec<&str> = given.split(',').collect();
    anyhow::ensure!(
        items.len() == count,
        "{variable} has {} items and TOKENLEDGER_WEBHOOK_SECRETS {count}: they belong together \
         pairwise; name an endpoint twice to rotate its secret",
        items.len()
    );
    Ok(items)
}

pub(crate) fn check_name(name: &str) -> anyhow::Result<()> {
    let fits = (1..=ENDPOINT_CHARS_MAX).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    anyhow::ensure!(
        fits,
        "{name:?} cannot name a webhook endpoint: use 1–{ENDPOINT_CHARS_MAX} letters, digits, - \
         and _, without spaces"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::cli::settings::webhooks::pair;

    const ONE: &str = "9AbcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
    const TWO: &str = "8AbcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";

    #[test]
    fn one_name_twice_is_a_rotation_and_an_empty_id_is_not_checked() {
        let secrets = format!("{ONE},{TWO},{ONE}");
        let endpoints = pair(Some("jp,jp,shop-2"), &secrets, Some("sub_1,,sub_3")).unwrap();
        let shape: Vec<(&str, Vec<Option<&str>>)> = endpoints
            .iter()
            .map(|endpoint| {
                let ids = endpoint.keys.iter().map(|key| key.subscription_id.as_deref());
                (endpoint.name.as_str(), ids.collect())
            })
            .collect();
        assert_eq!(shape, [("jp", vec![Some("sub_1"), None]), ("shop-2", vec![Some("sub_3")])]);
    }

    #[test]
    fn without_names_every_secret_is_mains() {
        let endpoints = pair(None, &format!("{ONE},{TWO}"), None).unwrap();
        assert_eq!(endpoints.len(), 1);
        assert_eq!(endpoints[0].name, "main");
        assert_eq!(endpoints[0].keys.len(), 2);
    }

    #[test]
    fn lists_of_different_length_weak_secrets_and_odd_names_are_refused() {
        let refused =
            |names, secrets: &str, ids| pair(names, secrets, ids).unwrap_err().to_string();
        assert!(refused(Some("a,b"), ONE, None).contains("has 2 items"));
        assert!(refused(None, ONE, Some("s,t")).contains("SUBSCRIPTION_IDS has 2 items"));
        assert!(refused(Some("a b"), ONE, None).contains("cannot name"));
        assert!(refused(Some(""), ONE, None).contains("cannot name"));
        assert!(refused(None, "", None).contains("endpoint main): the signing secret is empty"));
        assert!(refused(None, &format!("{ONE},AAAA"), None).contains("secret 2 of 2"));
        assert!(!refused(None, "hunter2", None).contains("hunter2"));
    }
}
