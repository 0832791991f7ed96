//! The fields of one line of comma-separated values (RFC 4180), strictly.
//!
//! Readers that forgive a stray quote change what stands beside it; here it makes the line wrong.

use crate::ledger::import::Wrong;

/// Every field as it is meant, without its quotes.
pub(super) fn split(line: &str) -> Result<Vec<String>, Wrong> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => take_quoted(quoted)?,
            None => take_bare(rest)?,
        };
        fields.push(field);
        if after.is_empty() {
            return Ok(fields);
        }
        rest = after.strip_prefix(',').ok_or(Wrong::Quotes)?;
    }
}

fn take_bare(text: &str) -> Result<(String, &str), Wrong> {
    let (field, after) = text.split_at(text.find(',').unwrap_or(text.len()));
    if field.contains('"') { Err(Wrong::Quotes) } else { Ok((field.to_owned(), after)) }
}

/// What follows an opening quote. Two quotes stand for one.
fn take_quoted(text: &str) -> Result<(String, &str), Wrong> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"').ok_or(Wrong::Quotes)?;
        field.push_str(before);
        let Some(after) = after.strip_prefix('"') else { return Ok((field, after)) };
        field.push('"');
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::import::Wrong;
    use crate::ledger::import::csv::split;

    #[test]
    fn fields_are_taken_as_they_are_meant() {
        let table: [(&str, &[&str]); 7] = [
            ("", &[""]),
            ("a", &["a"]),
            ("a,b,", &["a", "b", ""]),
            (",,", &["", "", ""]),
            ("\"a,b\",\"say \"\"no\"\"\"", &["a,b", "say \"no\""]),
            ("\"\",\"\"\"\"", &["", "\""]),
            ("=1+1, b ,\r", &["=1+1", " b ", "\r"]),
        ];
        for (line, fields) in table {
            assert_eq!(split(line).unwrap(), fields, "{line}");
        }
    }

    #[test]
    fn a_stray_quote_makes_the_line_wrong() {
        for line in ["\"", "a,\"b", "a\"b", "a,b\"", "\"a\"b", "\"a\" ,b", "\"\"\""] {
            assert_eq!(split(line), Err(Wrong::Quotes), "{line}");
        }
    }
}
