//! The grammars in which credentials are written. Hostile bytes become typed values here, once.

pub(crate) mod basic;
pub(crate) mod cookie;
pub(crate) mod cross_site;
pub(crate) mod params;
pub(crate) mod scheme;
pub(crate) mod subprotocol;
pub(crate) mod token;
