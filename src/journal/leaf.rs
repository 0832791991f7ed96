//! The leaf of an event in the Merkle tree (RFC 6962): SHA-256(0x00 ‖ canonical bytes).

use chrono::DateTime;
use chrono::Utc;
use sha2::Digest;
use sha2::Sha256;

/// The canonical form's own version, its first byte.
const CANONICAL_VERSION: u8 = 1;
/// RFC 6962 §2.1: what distinguishes a leaf from an inner node.
const LEAF_PREFIX: u8 = 0;

/// What the leaf commits to. Texts are hashed as stored, never serialised again.
#[derive(Clone, Copy, Debug)]
pub struct Leaf<'a> {
    pub incarnation: i32,
    pub reference: &'a str,
    pub sequence: u64,
    pub event_type: &'a str,
    pub event_version: &'a str,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub payload: &'a str,
    pub metadata: &'a str,
    /// SHA-256 of the input's bytes.
    pub input_digest: &'a [u8; 32],
    /// The token's previous leaf; zeros for its first event.
    pub previous: &'a [u8; 32],
}

/// Fields in the order of [`Leaf`], each behind its length in bytes (u32, big-endian); numbers and
/// times (microseconds since the epoch) as 8 bytes, big-endian.
pub fn leaf_hash(leaf: &Leaf<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([LEAF_PREFIX, CANONICAL_VERSION]);
    field(&mut hash, &i64::from(leaf.incarnation).to_be_bytes());
    field(&mut hash, leaf.reference.as_bytes());
    field(&mut hash, &leaf.sequence.to_be_bytes());
    field(&mut hash, leaf.event_type.as_bytes());
    field(&mut hash, leaf.event_version.as_bytes());
    field(&mut hash, &leaf.occurred_at.timestamp_micros().to_be_bytes());
    field(&mut hash, &leaf.recorded_at.timestamp_micros().to_be_bytes());
    field(&mut hash, leaf.payload.as_bytes());
    field(&mut hash, leaf.metadata.as_bytes());
    field(&mut hash, leaf.input_digest);
    field(&mut hash, leaf.previous);
    hash.finalize().into()
}

fn field(hash: &mut Sha256, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("a field is far below 4 GiB");
    hash.update(length.to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use crate::journal::Leaf;
    use crate::journal::leaf_hash;

    fn sample() -> Leaf<'static> {
        let time = DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap();
        Leaf {
            incarnation: 1,
            reference: "tok_test_0000000000000000000000",
            sequence: 2,
            event_type: "Disabled",
            event_version: "1",
            occurred_at: time,
            recorded_at: time,
            payload: "{}",
            metadata: "{}",
            input_digest: &[7; 32],
            previous: &[9; 32],
        }
    }

    #[test]
    fn the_leaf_format_never_changes() {
        assert_eq!(
            hex::encode(leaf_hash(&sample())),
            "ab2a0feba929d95370cf5d302fbfe91380b8d9e4456d4ab5f1bfca8557c80ba8"
        );
    }

    #[test]
    fn a_byte_cannot_move_from_one_field_to_the_next() {
        let one = Leaf { payload: "{} ", metadata: "{}", ..sample() };
        let other = Leaf { payload: "{}", metadata: " {}", ..sample() };
        assert_ne!(leaf_hash(&one), leaf_hash(&other));
    }
}
