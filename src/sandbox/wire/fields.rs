//! Fields of a request. Unknown ones are left alone, and `null` is as good as nothing: two SDKs send
//! what is not set so.

use std::ops::RangeInclusive;

use serde_json::Map;
use serde_json::Value;

const URL_CHARS_MAX: usize = 2048;
const METADATA_PAIRS_MAX: usize = 20;

/// An object of which is noted what is wrong with it.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    wrong: Vec<String>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(object: &'a Map<String, Value>) -> Fields<'a> {
        Fields { object, wrong: Vec::new() }
    }

    pub(super) fn refuse(&mut self, name: &str, why: &str) {
        self.wrong.push(format!("{name} {why}"));
    }

    /// What was noted.
    pub(super) fn wrong(self) -> Vec<String> {
        self.wrong
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &str, chars: RangeInclusive<usize>) -> Option<String> {
        let value = self.get(name)?;
        let text = value.as_str().filter(|text| chars.contains(&text.chars().count()));
        if text.is_none() {
            let why = format!("must be a text of {} to {} characters", chars.start(), chars.end());
            self.refuse(name, &why);
        }
        text.map(str::to_owned)
    }

    /// One that a browser can be sent to, or a webhook.
    pub(super) fn url(&mut self, name: &str) -> Option<String> {
        let text = self.text(name, 1..=URL_CHARS_MAX)?;
        let web = text.starts_with("https://") || text.starts_with("http://");
        if !web || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.refuse(name, "must be an http or https URL");
            return None;
        }
        Some(text)
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        if !value.is_boolean() {
            self.refuse(name, "must be true or false");
        }
        value.as_bool()
    }

    pub(super) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        let value = self.get(name)?;
        if !value.is_object() {
            self.refuse(name, "must be an object");
        }
        value.as_object().cloned()
    }

    pub(super) fn metadata(&mut self) -> Option<Map<String, Value>> {
        let metadata = self.object("metadata")?;
        if metadata.len() > METADATA_PAIRS_MAX {
            self.refuse("metadata", &format!("has more than {METADATA_PAIRS_MAX} pairs"));
        }
        if metadata.values().any(|value| value.is_object() || value.is_array()) {
            self.refuse("metadata", "must hold plain values");
        }
        Some(metadata)
    }

    pub(super) fn texts(&mut self, name: &str, count_max: usize) -> Option<Vec<String>> {
        const CHARS_MAX: usize = 64;
        let value = self.get(name)?;
        let texts: Option<Vec<String>> = value.as_array().and_then(|items| {
            let text = |item: &Value| item.as_str().map(str::to_owned);
            items.iter().map(text).collect()
        });
        let fits = |texts: &Vec<String>| {
            let short = |text: &String| (1..=CHARS_MAX).contains(&text.chars().count());
            texts.len() <= count_max && texts.iter().all(short)
        };
        let texts = texts.filter(fits);
        if texts.is_none() {
            self.refuse(name, "must be a short list of short texts");
        }
        texts
    }

    /// Notes that a field is missing.
    pub(super) fn require(&mut self, name: &str) {
        if self.get(name).is_none() {
            self.refuse(name, "is required");
        }
    }
}
