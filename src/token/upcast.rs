//! Stored events, made readable: old versions are brought up to date before they are decoded.

use cqrs_es::persist::EventUpcaster;
use cqrs_es::persist::SerializedEvent;
use serde_json::Value;

use crate::token::event::EVENT_VERSION;
use crate::token::event::Event;

/// The columns of a stored event that its meaning depends on.
#[derive(Clone, Copy)]
pub struct StoredEvent<'a> {
    pub event_type: &'a str,
    pub event_version: &'a str,
    pub payload: &'a str,
}

/// Never repeats the payload.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("the payload is not an event of its version, compare it with a backup")]
    Payload(#[from] serde_json::Error),
    #[error("the payload is not of the type in its row, compare it with a backup")]
    Type,
    #[error("the event has a version that this build does not know, use a newer build")]
    Version,
}

/// Every reader of stored events passes them through these, in this order.
///
/// All events are still of their first version, so there is none. A second version of an event
/// brings its `SemanticVersionEventUpcaster` here and a golden file; the old file stays.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    Vec::new()
}

/// Reads one stored event of any version that was ever written.
pub fn decode(
    stored: StoredEvent<'_>,
    upcasters: &[Box<dyn EventUpcaster>],
) -> Result<Event, Unreadable> {
    let StoredEvent { event_type, event_version, payload } = stored;
    let event: Event = if event_version == EVENT_VERSION {
        serde_json::from_str(payload)?
    } else {
        let old = SerializedEvent::new(
            String::new(),
            0,
            String::new(),
            event_type.to_owned(),
            event_version.to_owned(),
            serde_json::from_str(payload)?,
            Value::Null,
        );
        let new = upcasters.iter().fold(old, |event, upcaster| {
            let old = upcaster.can_upcast(&event.event_type, &event.event_version);
            if old { upcaster.upcast(event) } else { event }
        });
        // The upcasters of cqrs-es write a version as three numbers.
        let current = new.event_version.strip_suffix(".0.0").unwrap_or(&new.event_version);
        if current != EVENT_VERSION {
            return Err(Unreadable::Version);
        }
        serde_json::from_value(new.payload)?
    };
    if event.kind().as_str() == event_type { Ok(event) } else { Err(Unreadable::Type) }
}

#[cfg(test)]
mod tests {
    use cqrs_es::persist::EventUpcaster;
    use cqrs_es::persist::SemanticVersionEventUpcaster;
    use serde_json::Value;

    use crate::token::event::EventKind;
    use crate::token::upcast::StoredEvent;
    use crate::token::upcast::Unreadable;
    use crate::token::upcast::decode;
    use crate::token::upcast::upcasters;

    const OLD: StoredEvent<'static> = StoredEvent {
        event_type: "Disabled",
        event_version: "0",
        payload: r#"{"type":"Disabled","when":10,"basis":"notice"}"#,
    };

    fn planted() -> Vec<Box<dyn EventUpcaster>> {
        let rename = |mut payload: Value| {
            let fields = payload.as_object_mut().expect("the sample is an object");
            let when = fields.remove("when").expect("the sample has it");
            fields.insert("at".to_owned(), when);
            payload
        };
        vec![Box::new(SemanticVersionEventUpcaster::new("Disabled", "1", Box::new(rename)))]
    }

    #[test]
    fn an_old_version_is_read_through_its_upcaster() {
        let event = decode(OLD, &planted()).unwrap();
        assert_eq!((event.kind(), event.at().millis()), (EventKind::Disabled, 10));
    }

    #[test]
    fn a_version_that_nothing_brings_up_to_date_is_refused() {
        assert!(matches!(decode(OLD, &upcasters()), Err(Unreadable::Version)));
        let newer = StoredEvent { event_version: "2", ..OLD };
        assert!(matches!(decode(newer, &planted()), Err(Unreadable::Version)));
    }

    #[test]
    fn a_payload_of_another_type_or_with_a_stray_field_is_refused() {
        let payload = r#"{"type":"Enabled","at":10,"basis":"notice"}"#;
        let swapped = StoredEvent { event_version: "1", payload, ..OLD };
        assert!(matches!(decode(swapped, &upcasters()), Err(Unreadable::Type)));
        let stray = StoredEvent { event_version: "1", ..OLD };
        assert!(matches!(decode(stray, &upcasters()), Err(Unreadable::Payload(_))));
    }
}
