//! A caller's place in a trace: the header `traceparent` of W3C Trace Context.

use crate::traces::span::SpanId;
use crate::traces::span::TraceId;

/// Of the version, and in front of the fields.
const FORBIDDEN_VERSION: &str = "ff";
const SAMPLED: u8 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub trace: TraceId,
    pub span: SpanId,
    /// Whether the caller records its own part.
    pub sampled: bool,
}

impl Caller {
    /// None for anything that is not exactly such a header. A later version may say more behind the
    /// four fields.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut fields = text.splitn(5, '-');
        let version = fields.next()?;
        let [version_byte] = bytes::<1>(version)?;
        let (trace, span) = (bytes(fields.next()?)?, bytes(fields.next()?)?);
        let [flags] = bytes::<1>(fields.next()?)?;
        let more = fields.next().is_some();
        let known = version != FORBIDDEN_VERSION && (version_byte > 0 || !more);
        let there = trace != TraceId::default() && span != SpanId::default();
        (known && there).then_some(Self { trace, span, sampled: flags & SAMPLED == SAMPLED })
    }
}

/// Hexadecimal digits in lower case, just so many.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok().filter(|()| lower)?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use crate::traces::caller::Caller;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn a_header_of_the_standard_is_read() {
        let caller = Caller::parse(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
        assert_eq!(
            (hex::encode(caller.trace), hex::encode(caller.span)),
            (TRACE.into(), SPAN.into())
        );
        assert!(caller.sampled);
        assert!(!Caller::parse(&format!("00-{TRACE}-{SPAN}-02")).unwrap().sampled);
        assert!(Caller::parse(&format!("cc-{TRACE}-{SPAN}-03-more-to-come")).unwrap().sampled);
    }

    #[test]
    fn anything_else_is_no_header() {
        let zeros = "0".repeat(32);
        for text in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}0-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!(" 00-{TRACE}-{SPAN}-01"),
        ] {
            assert_eq!(Caller::parse(&text), None, "{text}");
        }
    }
}
