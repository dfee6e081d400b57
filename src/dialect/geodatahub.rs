//! GeoDataHub.

use std::borrow::Cow;

use super::{Dialect, RFC6750};
use crate::classify;
use crate::form::Form;

/// GeoDataHub: the access or identity token stands in `Authorization` without a scheme; its
/// document's Python sample sends `Basic`; its client adds an `x-api-key`, which identifies the
/// calling application.
pub const GEODATAHUB: Dialect = Dialect {
    name: "geodatahub",
    forms: Cow::Borrowed(&[
        Form::bare(classify::access_token),
        Form::basic(classify::password),
        Form::header("x-api-key", classify::app_token),
    ]),
    ..RFC6750
};
