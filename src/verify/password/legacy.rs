//! Hash formats that this crate checks but does not make: bcrypt and scrypt.

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use scrypt::Params;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::UnusableHash;
use super::phc::{Phc, decimal};

/// A hash of bcrypt or scrypt.
// Hashes of other systems cost every request the same. With the feature `legacy-hashes` each check
// takes the time of argon2id. Once a hash of another format was seen, it also takes the time of the
// costliest such hash. Otherwise the time would reveal which users exist and have not logged in
// since the import.
#[derive(Debug)]
pub(super) enum Legacy {
    Bcrypt { cost: u32, salt: [u8; 16], hash: [u8; 23] },
    Scrypt { params: Params, salt: Box<[u8]>, hash: Box<[u8]> },
}

/// bcrypt's alphabet. Some implementations leave bits after a salt's end, which mean nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// The number of password bytes that bcrypt uses.
const BCRYPT_BYTES: usize = 72;

/// The accepted costs. A check with cost 14 takes about a second.
const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=14;

/// scrypt takes 128 bytes for each unit of `N * r`, here up to 256 MiB, `p` times over.
const SCRYPT_MEMORY: u64 = 256 * 1024 * 1024 / 128;
const SCRYPT_WORK: u64 = 2 * SCRYPT_MEMORY;

impl Legacy {
    pub(super) fn read(text: &str) -> Result<Self, UnusableHash> {
        // `$2x$` marks hashes of a defect that merges passwords, and `$2$` is older still.
        if let Some(rest) = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix)) {
            return Self::bcrypt(rest);
        }
        if text.starts_with("$scrypt$") { Self::scrypt(text) } else { Err(UnusableHash::Unsupported) }
    }

    /// Parses `COST$SALT22HASH31`.
    fn bcrypt(rest: &str) -> Result<Self, UnusableHash> {
        let broken = UnusableHash::Broken;
        let (cost, rest) = rest.split_once('$').ok_or(broken)?;
        if cost.len() != 2 || !cost.bytes().all(|byte| byte.is_ascii_digit()) || rest.len() != 53 {
            return Err(broken);
        }
        let cost: u32 = cost.parse().map_err(|_| broken)?;
        let (salt, hash) = rest.split_at_checked(22).ok_or(broken)?;
        let decode = |text: &str| BASE64.decode(text).map_err(|_| broken);
        let salt = decode(salt)?.try_into().map_err(|_| broken)?;
        let hash = decode(hash)?.try_into().map_err(|_| broken)?;
        match cost {
            cost if cost < *BCRYPT_COSTS.start() || cost > 31 => Err(broken),
            cost if cost > *BCRYPT_COSTS.end() => Err(UnusableHash::TooCostly),
            cost => Ok(Self::Bcrypt { cost, salt, hash }),
        }
    }

    /// Parses `$scrypt$ln=LN,r=R,p=P$SALT$HASH`.
    fn scrypt(text: &str) -> Result<Self, UnusableHash> {
        let broken = UnusableHash::Broken;
        let phc = Phc::read(text).ok_or(broken)?;
        let number = |name: &str| {
            let found = phc.params().find(|(known, _)| *known == name);
            found.and_then(|(_, value)| decimal(value)).ok_or(broken)
        };
        let (log_n, r, p) = (number("ln")?, number("r")?, number("p")?);
        if phc.params().count() != 3 || phc.version.is_some() || log_n == 0 || r == 0 || p == 0 {
            return Err(broken);
        }
        let memory = 1u64.checked_shl(log_n).and_then(|n| n.checked_mul(u64::from(r)));
        let work = memory.and_then(|memory| memory.checked_mul(u64::from(p)));
        match (memory, work) {
            (Some(memory), Some(work)) if memory <= SCRYPT_MEMORY && work <= SCRYPT_WORK && log_n < 64 => {}
            _ => return Err(UnusableHash::TooCostly),
        }
        let log_n = u8::try_from(log_n).map_err(|_| broken)?;
        let params = Params::new(log_n, r, p).map_err(|_| broken)?;
        Ok(Self::Scrypt { params, salt: phc.salt.into(), hash: phc.hash.into() })
    }

    /// Returns roughly how long a check takes, in microseconds.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::Bcrypt { cost, .. } => 60 << cost,
            Self::Scrypt { params, .. } => params.n() * u64::from(params.r()) * u64::from(params.p()) / 4,
        }
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt { cost, salt, hash } => {
                // bcrypt drops all bytes after the first 72 and repeats those before a NUL. Such
                // passwords are refused, after the same work.
                let fits = password.len() <= BCRYPT_BYTES && !password.contains(&0);
                let mut key = Zeroizing::new(Vec::with_capacity(BCRYPT_BYTES));
                key.extend(password.iter().copied().chain([0]).take(BCRYPT_BYTES));
                let found = Zeroizing::new(bcrypt::bcrypt(*cost, *salt, &key));
                bool::from(found.get(..hash.len()).unwrap_or_default().ct_eq(hash)) && fits
            }
            Self::Scrypt { params, salt, hash } => {
                let mut found = Zeroizing::new(vec![0; hash.len()]);
                scrypt::scrypt(password, salt, params, &mut found).is_ok() && found.ct_eq(hash).into()
            }
        }
    }
}
