//! What protects the forms of pages, and what the pages share: cookies, anti-forgery tokens, the
//! rule of one origin, and settings.

mod cookie;
mod form_token;
mod origin;
mod settings;

pub(super) use self::cookie::Cookie;
pub(super) use self::form_token::{FormTokens, Purpose};
pub(super) use self::origin::is_same_origin;
pub(super) use self::settings::BrowserSettings;
