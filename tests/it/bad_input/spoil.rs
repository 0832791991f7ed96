//! What a mutation does after the signature was made.

use std::iter;

use serde_json::Value;

use crate::bad_input::case::Step;
use crate::bad_input::signing::replaced;
use crate::request::Framing;
use crate::request::Request;

/// Steps of other names belong to the signing or to the sending.
pub(crate) fn spoil(request: &mut Request, step: &Step<'_>) {
    match step.name {
        "sigmap" => {
            let signature = String::from_utf8(request.value("Smartpay-Signature").to_vec());
            let mapped = signature_as(&step.text(0), &signature.unwrap());
            set(request, "Smartpay-Signature", mapped);
        }
        "drop" => request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(&step.text(0))),
        "set" => set(request, &step.text(0), step.text(1)),
        "dup" => insert(request, step, 1),
        "dupfirst" => insert(request, step, 0),
        "flip" => replace(request, "\"active\"", "\"bctive\""),
        "append" => request.body.extend(step.text(0).bytes()),
        "reorder" => {
            let value: Value = serde_json::from_slice(&request.body).unwrap();
            request.body = sorted(&value).into_bytes();
        }
        "escape" => replace(request, "\"c1\"", "\"\\u0063\\u0031\""),
        "tsalter" => {
            let name = "Smartpay-Signature-Timestamp";
            let signed = String::from_utf8(request.value(name).to_vec()).unwrap();
            let altered = signed.parse::<i64>().unwrap() + step.number(0);
            set(request, name, altered.to_string());
        }
        "method" => request.method = step.text(0),
        "path" => request.path = step.text(0),
        "ver" => request.version = step.text(0),
        "cl" => {
            request.framing = Framing::Lengths(vec![step.text(0)]);
            request.body.clear();
        }
        "cl2" => {
            let length = request.body.len();
            let lengths = [length, length + 1].map(|length| length.to_string());
            request.framing = Framing::Lengths(lengths.to_vec());
        }
        "clte" => request.framing = Framing::ChunkedAndLength,
        "short" => {
            request.framing = Framing::Lengths(vec![(request.body.len() + 50).to_string()]);
        }
        "bighdr" => request.headers.push(("X-Big".to_owned(), vec![b'x'; step.size(0)])),
        "manyhdr" => {
            let one = ("X-Many".to_owned(), b"x".to_vec());
            request.headers.extend(iter::repeat_n(one, step.size(0)));
        }
        _ => {}
    }
}

fn signature_as(form: &str, right: &str) -> String {
    match form {
        "[:-1]" => right.split_at(right.len() - 1).0.to_owned(),
        "+0" => format!("{right}0"),
        "upper" => right.to_uppercase(),
        "0x" => format!("0x{right}"),
        "sha256=" => format!("sha256={right}"),
        "ows" => format!("  {right}  "),
        "badlist" => format!("{},{right}", "0".repeat(64)),
        other => panic!("an unknown form of a signature: {other}"),
    }
}

fn set(request: &mut Request, name: &str, value: String) {
    let known = request.headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
    match known {
        Some((_, old)) => *old = value.into_bytes(),
        None => request.headers.push((name.to_owned(), value.into_bytes())),
    }
}

fn insert(request: &mut Request, step: &Step<'_>, behind: usize) {
    let (name, value) = (step.text(0), step.text(1).into_bytes());
    request.headers.insert(request.place(&name) + behind, (name, value));
}

fn replace(request: &mut Request, from: &str, to: &str) {
    let body = replaced(&request.body, from.as_bytes(), to.as_bytes());
    assert_ne!(body, request.body, "{from} is not in the body");
    request.body = body;
}

/// Keys in order, which serde's own map may or may not keep.
fn sorted(value: &Value) -> String {
    let Value::Object(fields) = value else { return value.to_string() };
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|(key, _)| std::cmp::Reverse(*key));
    let fields: Vec<_> =
        fields.iter().map(|(key, value)| format!("\"{key}\":{}", sorted(value))).collect();
    format!("{{{}}}", fields.join(","))
}
