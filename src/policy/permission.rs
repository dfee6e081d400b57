//! One permission, whatever the request.

use super::{Forbidden, Policy};
use crate::head::Head;
use crate::permission::Operation;
use crate::principal::Principal;

/// Allows principals that hold a permission; made by [`permission`].
#[derive(Clone, Debug)]
pub struct PermissionPolicy {
    /// Empty where the text was no permission to ask for: then nobody is allowed.
    operations: Vec<Operation>,
    path: Box<str>,
}

/// Allows principals whose permissions grant all of some operations on a path, written
/// `get,put:/reports`. What is not written so allows nobody.
///
/// For "the permission for what this request does", see [`application`](super::application()).
///
/// # Examples
///
/// ```
/// use tower_principal::{RequireLayer, policy};
///
/// let layer = RequireLayer::new(policy::permission("get:/reports"));
/// # let _ = layer;
/// ```
pub fn permission(required: &str) -> PermissionPolicy {
    let (operations, path) = required.split_once(':').unwrap_or_default();
    let operations = operations.split(',').map(Operation::named).collect::<Option<_>>();
    PermissionPolicy { operations: operations.unwrap_or_default(), path: path.into() }
}

impl Policy for PermissionPolicy {
    fn check(&self, principal: &Principal, _: &Head<'_>) -> Result<(), Forbidden> {
        let held = |operation: &Operation| {
            principal.permissions().allow(*operation, &self.path, &principal.user_names())
        };
        if !self.operations.is_empty() && self.operations.iter().all(held) {
            Ok(())
        } else {
            Err(Forbidden::new())
        }
    }
}
