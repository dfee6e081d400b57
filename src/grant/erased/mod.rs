//! Stores without their types.

mod applications;
mod grants;
mod sessions;

pub use self::applications::{BoxApplications, DynApplications};
pub use self::grants::{BoxGrants, DynGrants};
pub use self::sessions::{BoxSessions, DynSessions};
