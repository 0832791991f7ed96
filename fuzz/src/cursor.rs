//! Cursors: what a list gave goes on there, and nothing else does.

use std::sync::LazyLock;

use tokenledger::api::cursor::CursorError;
use tokenledger::api::cursor::List;
use tokenledger::vault::MasterKey;
use tokenledger::vault::Vault;

/// Another one in every process: no kept bytes can hold a cursor of it.
static VAULT: LazyLock<Vault> = LazyLock::new(|| Vault::create("fuzz", &MasterKey::generate()).0);

/// Panics where a made-up cursor is taken, or one that was given is not.
pub fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some((&incarnation, rest)) = bytes.split_first_chunk::<4>() else { return };
    let Some((&key, rest)) = rest.split_first_chunk::<8>() else { return };
    let Some((&[place, other], rest)) = rest.split_first_chunk::<2>() else { return };
    let (incarnation, key) = (i32::from_be_bytes(incarnation), i64::from_be_bytes(key));
    let name = String::from_utf8_lossy(rest).into_owned();
    let list = |name: &str, incarnation| List { vault: &VAULT, name: name.to_owned(), incarnation };
    let own = list(&name, incarnation);

    assert_eq!(own.key(&text), Err(CursorError::Garbled), "bytes of a stranger");
    let cursor = own.cursor(key);
    assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    assert_eq!(own.key(&cursor), Ok(key));
    assert_eq!(own.cursor(key), cursor);

    let later = list(&name, incarnation.wrapping_add(1));
    assert_eq!(later.key(&cursor), Err(CursorError::OtherIncarnation));
    for foreign in [format!("{name}x"), format!("{name}\0"), name.to_lowercase(), String::new()] {
        if foreign != name {
            let foreign = list(&foreign, incarnation);
            assert_eq!(foreign.key(&cursor), Err(CursorError::Garbled));
        }
    }
    let mut changed = cursor.clone().into_bytes();
    let place = usize::from(place) % changed.len();
    if let Some(byte) = changed.get_mut(place) {
        *byte = other;
    }
    for changed in [
        String::from_utf8_lossy(&changed).into_owned(),
        format!("{cursor}A"),
        format!("{cursor}="),
        format!(" {cursor}"),
        cursor.chars().skip(1).collect(),
        cursor.replace('-', "+").replace('_', "/"),
    ] {
        if changed != cursor {
            assert_eq!(own.key(&changed), Err(CursorError::Garbled), "{changed:?}");
        }
    }
}
