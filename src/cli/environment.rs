//! The only place that reads the environment, beside the flags that clap reads.

use std::collections::BTreeMap;

use anyhow::Context;

const PREFIX: &str = "TOKENLEDGER_";
/// Variables of the tests: nobody's setting.
const PREFIX_OF_TESTS: &str = "TOKENLEDGER_TEST_";

/// Our variables, named without the prefix and in lower case, as in the file.
pub(crate) fn variables() -> anyhow::Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        if name.starts_with(PREFIX_OF_TESTS) {
            continue;
        }
        let value = value.into_string().ok().with_context(|| format!("{name} is not UTF-8"))?;
        let key =
            if key.contains(char::is_lowercase) { name.to_owned() } else { key.to_lowercase() };
        variables.insert(key, value);
    }
    Ok(variables)
}

/// Whether the user wants no colour anywhere: <https://no-color.org>, or a terminal without it.
pub(crate) fn refuses_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}
