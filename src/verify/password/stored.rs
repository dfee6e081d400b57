//! Stored password hashes: parsed once, with a bound on the cost of a check.

use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::memory::Memory;
use super::phc::{Phc, decimal};
use super::unusable::UnusableHash;

#[cfg(feature = "legacy-hashes")]
use super::legacy::Legacy;

/// A hash that can be checked.
#[derive(Debug)]
pub(super) enum Stored {
    Argon2 {
        algorithm: Algorithm,
        version: Version,
        params: Params,
        salt: Box<[u8]>,
        hash: Box<[u8]>,
    },
    #[cfg(feature = "legacy-hashes")]
    Legacy(Legacy),
}

/// The maximum cost of one check, unless new hashes cost more: 256 MiB, 1 GiB over all passes.
const MEMORY_KIB: u32 = 256 * 1024;
const WORK_KIB: u64 = 1024 * 1024;
const LANES: u32 = 16;

/// Returns a password's hash, in the format that [`Stored::is_current`] names.
pub(super) fn hash(params: &Params, memory: &Memory, password: &[u8], salt: &[u8]) -> argon2::Result<String> {
    let mut output = Zeroizing::new([0; Params::DEFAULT_OUTPUT_LEN]);
    let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
    let argon2 = Argon2::new(algorithm, version, params.clone());
    memory.lend(params.block_count(), |memory| {
        argon2.hash_password_into_with_memory(password, salt, output.as_mut_slice(), memory)
    })?;
    let costs = [("m", params.m_cost()), ("t", params.t_cost()), ("p", params.p_cost())];
    Ok(Phc::write(algorithm.as_str(), version.into(), &costs, salt, output.as_slice()))
}

/// Returns the parameters of an argon2 hash, with argon2's defaults. Returns `None` if argon2
/// refuses them, or if the hash needs a key or associated data and so cannot be checked.
fn params(phc: &Phc<'_>) -> Option<Params> {
    let [mut memory, mut passes, mut lanes] =
        [Params::DEFAULT_M_COST, Params::DEFAULT_T_COST, Params::DEFAULT_P_COST];
    for (name, value) in phc.params() {
        let cost = match name {
            "m" => &mut memory,
            "t" => &mut passes,
            "p" => &mut lanes,
            _ => return None,
        };
        *cost = decimal(value)?;
    }
    Params::new(memory, passes, lanes, Some(phc.hash.len())).ok()
}

impl Stored {
    /// Parses a hash. `own` are the parameters that new hashes are made with.
    pub(super) fn read(text: &str, own: &Params) -> Result<Self, UnusableHash> {
        let algorithm = match text.strip_prefix('$').and_then(|rest| rest.split('$').next()) {
            Some("argon2id") => Algorithm::Argon2id,
            #[cfg(feature = "legacy-hashes")]
            Some("argon2i") => Algorithm::Argon2i,
            #[cfg(feature = "legacy-hashes")]
            Some("argon2d") => Algorithm::Argon2d,
            #[cfg(feature = "legacy-hashes")]
            _ => return Legacy::read(text).map(Self::Legacy),
            #[cfg(not(feature = "legacy-hashes"))]
            _ => return Err(UnusableHash::Unsupported),
        };
        let broken = UnusableHash::Broken;
        let phc = Phc::read(text).ok_or(broken)?;
        let version = phc.version.map_or(Ok(Version::V0x10), Version::try_from).map_err(|_| broken)?;
        let params = params(&phc).ok_or(broken)?;
        let work = |params: &Params| u64::from(params.m_cost()) * u64::from(params.t_cost());
        if params.m_cost() > MEMORY_KIB.max(own.m_cost())
            || work(&params) > WORK_KIB.max(work(own))
            || params.p_cost() > LANES.max(own.p_cost())
        {
            return Err(UnusableHash::TooCostly);
        }
        Ok(Self::Argon2 { algorithm, version, params, salt: phc.salt.into(), hash: phc.hash.into() })
    }

    /// Returns `true` if new hashes are made in this format.
    pub(super) fn is_current(&self) -> bool {
        matches!(self, Self::Argon2 { algorithm: Algorithm::Argon2id, .. })
    }

    /// Returns roughly how long a check takes, in microseconds.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::Argon2 { params, .. } => u64::from(params.m_cost()) * u64::from(params.t_cost()),
            #[cfg(feature = "legacy-hashes")]
            Self::Legacy(legacy) => legacy.weight(),
        }
    }

    /// Returns `true` if a password matches this hash.
    pub(super) fn matches(&self, memory: &Memory, password: &[u8]) -> bool {
        match self {
            Self::Argon2 { algorithm, version, params, salt, hash } => {
                let argon2 = Argon2::new(*algorithm, *version, params.clone());
                let mut found = Zeroizing::new(vec![0; hash.len()]);
                let done = memory.lend(params.block_count(), |memory| {
                    argon2.hash_password_into_with_memory(password, salt, &mut found, memory)
                });
                done.is_ok() && found.ct_eq(hash).into()
            }
            #[cfg(feature = "legacy-hashes")]
            Self::Legacy(legacy) => legacy.matches(password),
        }
    }
}
