//! Bytes from the operating system's generator: keys, nonces and salts come from nowhere else.

use rand::TryRng;
use rand::rngs::SysRng;

pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system's generator answers");
    bytes
}
