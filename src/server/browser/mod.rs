//! What protects a form in a browser: cookies, anti-forgery tokens, and the rule of one origin.

mod cookie;
mod form_token;
mod origin;

pub(super) use self::cookie::Cookie;
pub(super) use self::form_token::{FormTokens, Purpose};
pub(super) use self::origin::is_same_origin;
