//! Stored password hashes: parsed once, with a bound on the cost of a check.

use argon2::password_hash;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::memory::Memory;
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
        phc: Box<PasswordHash>,
    },
    #[cfg(feature = "legacy-hashes")]
    Legacy(Legacy),
}

/// The maximum cost of one check, unless new hashes cost more: 256 MiB, 1 GiB over all passes.
const MEMORY_KIB: u32 = 256 * 1024;
const WORK_KIB: u64 = 1024 * 1024;
const LANES: u32 = 16;

/// Returns a password's hash, in the format that [`Stored::is_current`] names.
pub(super) fn hash(
    params: &Params,
    memory: &Memory,
    password: &[u8],
    salt: &[u8],
) -> password_hash::Result<String> {
    let mut output = Zeroizing::new([0; Params::DEFAULT_OUTPUT_LEN]);
    let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
    let argon2 = Argon2::new(algorithm, version, params.clone());
    memory.lend(params.block_count(), |memory| {
        argon2.hash_password_into_with_memory(password, salt, output.as_mut_slice(), memory)
    })?;
    let hash = PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(output.as_slice())?),
    };
    Ok(hash.to_string())
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
        let broken = |_| UnusableHash::Broken;
        let phc = PasswordHash::new(text).map_err(|_| UnusableHash::Broken)?;
        let version = phc.version.map(Version::try_from).transpose().map_err(|_| UnusableHash::Broken)?;
        let params = Params::try_from(&phc).map_err(broken)?;
        // These are argon2's own bounds. A hash that needs a key or associated data cannot be
        // checked.
        let complete = phc.hash.is_some() && phc.salt.as_ref().is_some_and(|salt| salt.len() >= 8);
        if !complete || !params.keyid().is_empty() || !params.data().is_empty() {
            return Err(UnusableHash::Broken);
        }
        let work = |params: &Params| u64::from(params.m_cost()) * u64::from(params.t_cost());
        if params.m_cost() > MEMORY_KIB.max(own.m_cost())
            || work(&params) > WORK_KIB.max(work(own))
            || params.p_cost() > LANES.max(own.p_cost())
        {
            return Err(UnusableHash::TooCostly);
        }
        Ok(Self::Argon2 { algorithm, version: version.unwrap_or(Version::V0x10), params, phc: Box::new(phc) })
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
            Self::Argon2 { algorithm, version, params, phc } => {
                let (Some(salt), Some(expected)) = (&phc.salt, &phc.hash) else { return false };
                let argon2 = Argon2::new(*algorithm, *version, params.clone());
                let mut buffer = Zeroizing::new([0; Output::MAX_LENGTH]);
                let Some(found) = buffer.get_mut(..expected.len()) else { return false };
                let done = memory.lend(params.block_count(), |memory| {
                    argon2.hash_password_into_with_memory(password, salt, found, memory)
                });
                done.is_ok() && expected.as_bytes().ct_eq(found).into()
            }
            #[cfg(feature = "legacy-hashes")]
            Self::Legacy(legacy) => legacy.matches(password),
        }
    }
}
