//! The keys of a ledger: wrapped as they are stored, opened as a vault.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use secrecy::ExposeSecret;
use secrecy::SecretBox;
use thiserror::Error;

use crate::vault::cipher;
use crate::vault::cipher::Key;
use crate::vault::master::MasterKey;

const FIRST_VERSION: i32 = 1;
const REF: &str = "ref";
const DATA: &str = "data";

/// A key of the ledger as it lies in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// `ref` or `data`.
    pub purpose: String,
    pub version: i32,
    pub wrapped: Vec<u8>,
}

/// The opened keys of one ledger. Nothing prints them.
pub struct Vault {
    ledger: String,
    /// For data keys that are made later.
    master: MasterKey,
    ref_key: Key,
    data_keys: RwLock<DataKeys>,
}

/// All that open, and the version that seals.
struct DataKeys {
    by_version: BTreeMap<i32, Arc<Key>>,
    seals: i32,
}

/// Why a vault does not open.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VaultError {
    #[error(
        "the master key does not open the vault of ledger {ledger}: set TOKENLEDGER_MASTER_KEY to the key that its vault was wrapped with last (from its escrow), or point to the database that belongs to this key"
    )]
    WrongMasterKey { ledger: String },
    #[error(
        "the vault of ledger {ledger} holds no ref key, without which no token can be found: restore the table vault from a backup; a new key would give every token another name"
    )]
    RefKeyMissing { ledger: String },
    #[error(
        "the vault of ledger {ledger} holds more than one ref key, of which only one can be right: restore the table vault from a backup"
    )]
    RefKeyTwice { ledger: String },
    #[error(
        "the vault of ledger {ledger} holds no data key, without which nothing can be sealed: restore the table vault from a backup"
    )]
    DataKeyMissing { ledger: String },
    #[error(
        "the {purpose} key of version {version} is damaged, while others of the vault open: restore the table vault from a backup"
    )]
    KeyDamaged { purpose: String, version: i32 },
    #[error(
        "data key {version} of ledger {ledger} was made under another master key: restart with that one as TOKENLEDGER_MASTER_KEY"
    )]
    OfNewerMasterKey { ledger: String, version: i32 },
    #[error(
        "the vault holds a key for {purpose}, which this version does not know: it was written by a newer one, run that"
    )]
    UnknownPurpose { purpose: String },
}

impl Vault {
    /// A new ledger's keys, opened, and wrapped to be stored.
    pub fn create(ledger: &str, master: &MasterKey) -> (Vault, Vec<WrappedKey>) {
        let ref_key = cipher::random_key();
        let data_key = cipher::random_key();
        let wrapped = vec![
            wrap_key(ledger, master, (REF, FIRST_VERSION), &ref_key),
            wrap_key(ledger, master, (DATA, FIRST_VERSION), &data_key),
        ];
        let data_keys = BTreeMap::from([(FIRST_VERSION, Arc::new(data_key))]);
        (Vault::of(ledger, master.copy(), ref_key, data_keys), wrapped)
    }

    /// The newest data key seals, until [`Vault::load`] says otherwise.
    fn of(
        ledger: &str,
        master: MasterKey,
        ref_key: Key,
        by_version: BTreeMap<i32, Arc<Key>>,
    ) -> Vault {
        let (newest, _) = by_version.last_key_value().expect("a vault has a data key");
        let data_keys = RwLock::new(DataKeys { seals: *newest, by_version });
        Vault { ledger: ledger.to_owned(), master, ref_key, data_keys }
    }

    /// Opens what was stored. Every key must open, and the ref key be there exactly once.
    pub fn open(
        ledger: &str,
        master: &MasterKey,
        keys: &[WrappedKey],
    ) -> Result<Vault, VaultError> {
        let opened: Vec<Option<Key>> =
            keys.iter().map(|key| unwrap_key(ledger, master, key)).collect();
        let name = ledger;
        let ledger = ledger.to_owned();
        if !keys.is_empty() && opened.iter().all(Option::is_none) {
            return Err(VaultError::WrongMasterKey { ledger });
        }
        let mut ref_key = None;
        let mut data_keys = BTreeMap::new();
        for (WrappedKey { purpose, version, .. }, key) in keys.iter().zip(opened) {
            let damaged = || VaultError::KeyDamaged { purpose: purpose.clone(), version: *version };
            let key = key.ok_or_else(damaged)?;
            match purpose.as_str() {
                REF if ref_key.is_some() => return Err(VaultError::RefKeyTwice { ledger }),
                REF => ref_key = Some(key),
                DATA => drop(data_keys.insert(*version, Arc::new(key))),
                _ => return Err(VaultError::UnknownPurpose { purpose: purpose.clone() }),
            }
        }
        let Some(ref_key) = ref_key else {
            return Err(VaultError::RefKeyMissing { ledger });
        };
        if data_keys.is_empty() {
            return Err(VaultError::DataKeyMissing { ledger });
        }
        Ok(Vault::of(name, master.copy(), ref_key, data_keys))
    }

    pub fn ledger(&self) -> &str {
        &self.ledger
    }

    #[cfg(test)]
    pub(crate) fn of_keys(ref_key: [u8; 32], data_key: [u8; 32]) -> Vault {
        let [ref_key, data_key] = [ref_key, data_key].map(|key| SecretBox::new(Box::new(key)));
        let data_keys = BTreeMap::from([(FIRST_VERSION, Arc::new(data_key))]);
        Vault::of("of keys", MasterKey::generate(), ref_key, data_keys)
    }

    pub(crate) fn ref_key(&self) -> &Key {
        &self.ref_key
    }

    pub(crate) fn data_key(&self, version: i32) -> Option<Arc<Key>> {
        let keys = self.data_keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.by_version.get(&version).cloned()
    }

    /// The key to seal with, and its version.
    pub(crate) fn sealing_key(&self) -> (i32, Arc<Key>) {
        let keys = self.data_keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.by_version.get(&keys.seals).expect("the version that seals is one of them");
        (keys.seals, Arc::clone(key))
    }

    /// Versions of the data keys, and the one that seals.
    pub fn data_key_versions(&self) -> (Vec<i32>, i32) {
        let keys = self.data_keys.read().unwrap_or_else(PoisonError::into_inner);
        (keys.by_version.keys().copied().collect(), keys.seals)
    }

    /// Takes in data keys that were made since the vault was opened, and seals with `seals` from
    /// here on, if that is among them all. When one does not open, nothing changes.
    pub fn load(&self, keys: &[WrappedKey], seals: i32) -> Result<(), VaultError> {
        let mut new = BTreeMap::new();
        for key in keys.iter().filter(|key| key.purpose == DATA) {
            if self.data_key(key.version).is_none() {
                let opened = unwrap_key(&self.ledger, &self.master, key).ok_or_else(|| {
                    let ledger = self.ledger.clone();
                    VaultError::OfNewerMasterKey { ledger, version: key.version }
                })?;
                new.insert(key.version, Arc::new(opened));
            }
        }
        let mut kept = self.data_keys.write().unwrap_or_else(PoisonError::into_inner);
        kept.by_version.extend(new);
        if kept.by_version.contains_key(&seals) {
            kept.seals = seals;
        }
        Ok(())
    }

    /// One more data key, wrapped to be stored. It seals nothing before it is stored and loaded.
    pub fn next_data_key(&self) -> WrappedKey {
        let (versions, _) = self.data_key_versions();
        let version = versions.last().expect("a vault has a data key") + 1;
        wrap_key(&self.ledger, &self.master, (DATA, version), &cipher::random_key())
    }

    /// All keys of the vault, wrapped by another master key.
    pub fn wrapped_by(&self, master: &MasterKey) -> Vec<WrappedKey> {
        let keys = self.data_keys.read().unwrap_or_else(PoisonError::into_inner);
        let of_data = keys.by_version.iter();
        let mut wrapped = vec![wrap_key(&self.ledger, master, (REF, FIRST_VERSION), &self.ref_key)];
        wrapped.extend(
            of_data.map(|(version, key)| wrap_key(&self.ledger, master, (DATA, *version), key)),
        );
        wrapped
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({}, redacted)", self.ledger)
    }
}

fn wrap_key(
    ledger: &str,
    master: &MasterKey,
    (purpose, version): (&str, i32),
    key: &Key,
) -> WrappedKey {
    let about = about(ledger, purpose, version);
    let wrapped = cipher::encrypt(master.key().expose_secret(), &about, key.expose_secret());
    WrappedKey { purpose: purpose.to_owned(), version, wrapped }
}

fn unwrap_key(ledger: &str, master: &MasterKey, key: &WrappedKey) -> Option<Key> {
    let about = about(ledger, &key.purpose, key.version);
    let plain = cipher::decrypt(master.key().expose_secret(), &about, &key.wrapped)?;
    Some(SecretBox::new(Box::new(plain.try_into().ok()?)))
}

/// What a wrapped key is bound to, so that it opens in no other place.
fn about(ledger: &str, purpose: &str, version: i32) -> Vec<u8> {
    let version = version.to_be_bytes();
    cipher::fields(&[b"tokenledger/wrap/1", ledger.as_bytes(), purpose.as_bytes(), &version])
}
