//! The files and their form.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use sha2::Digest;
use sha2::Sha256;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) surface: String,
    #[serde(rename = "case")]
    pub(crate) words: String,
    #[serde(default)]
    pub(crate) expect_status: Vec<u16>,
    pub(crate) expect_inbox: Option<String>,
    pub(crate) mutation: Option<Vec<Vec<Value>>>,
    pub(crate) request: Option<Literal>,
}

/// A request to send as it stands.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Literal {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
}

/// One step of a mutation: its name and what follows it.
pub(crate) struct Step<'a> {
    pub(crate) name: &'a str,
    values: &'a [Value],
}

pub(crate) fn read(path: &Path) -> Vec<Case> {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Case {
    /// The unspoiled delivery counts as a mutation without steps.
    pub(crate) fn is_webhook(&self) -> bool {
        let good = self.request.is_none() && self.expect_status == [200];
        let runs = self.mutation.is_some() || (good && self.expect_inbox.is_some());
        self.surface == "webhook" && runs
    }

    /// Described by words alone.
    pub(crate) fn is_alone(&self) -> bool {
        !self.is_webhook() && self.request.is_none()
    }

    /// Met as it should be, it makes something.
    pub(crate) fn makes(&self) -> bool {
        self.expect_status == [201]
    }

    pub(crate) fn may_store_nothing(&self) -> bool {
        self.expect_inbox.as_deref() == Some("no row")
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        self.mutation.iter().flatten().map(|step| {
            let (name, values) = step.split_first().unwrap();
            Step { name: name.as_str().unwrap(), values }
        })
    }

    pub(crate) fn event_id(&self) -> String {
        format!("evt_test_{}", self.fresh("event"))
    }

    pub(crate) fn token(&self) -> String {
        format!("paytok_test_{}", self.fresh("token"))
    }

    /// 22 characters that no other case has.
    fn fresh(&self, what: &str) -> String {
        let digest = Sha256::digest(format!("{what}/{}/{}", self.id, self.words));
        hex::encode(digest).chars().take(22).collect()
    }
}

impl Step<'_> {
    pub(crate) fn text(&self, place: usize) -> String {
        let value = self.values.get(place);
        let value = value.unwrap_or_else(|| panic!("{} needs a value", self.name));
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    pub(crate) fn number(&self, place: usize) -> i64 {
        self.text(place).parse().unwrap()
    }

    pub(crate) fn size(&self, place: usize) -> usize {
        self.text(place).parse().unwrap()
    }

    pub(crate) fn has_value(&self) -> bool {
        !self.values.is_empty()
    }
}
