//! The parts of an HTTP request that the crate uses: its head, its path, its original target.

pub(crate) mod grammar;
pub(crate) mod grpc;
mod head;
pub(crate) mod original_target;
pub(crate) mod path;
pub(crate) mod percent;
pub(crate) mod quoted;

pub use self::head::RequestHead;
pub use self::path::InvalidPattern;
