//! `gdh login`.

use std::io::{self, Write as _};
use std::time::Duration;

use oauth2::{RedirectUrl, RefreshToken, TokenResponse as _};

use crate::answer::Expected;
use crate::browser::{self, Callback};
use crate::code;
use crate::error::Error;
use crate::file::{self, Authentication};
use crate::flags::Login;
use crate::server::Server;
use crate::tokens::{self, Tokens};

pub(crate) async fn run(login: &Login) -> Result<(), Error> {
    let file = Authentication::at(login.shared.file.as_deref())?;
    if login.use_refresh_token {
        return match file::from_environment() {
            Some(token) => refresh_from_environment(login, &file, &token).await,
            None => refresh_from_file(login, &file).await,
        };
    }
    // A folder that is refused is refused before the user has logged in.
    file.prepare()?;
    let server = Server::find(&login.shared).await?;
    let tokens =
        if login.paste { by_code(&server, login).await? } else { by_browser(&server, login).await? };
    let stored = match tokens.refresh_token() {
        Some(token) => store(&file, token).await,
        None => Err(Error::Invalid("the server issued no refresh token, so none is stored")),
    };
    print(login, &tokens, None)?;
    stored?;
    eprintln!("You are logged in. {} has the refresh token.", file.path().display());
    Ok(())
}

async fn by_browser(server: &Server, login: &Login) -> Result<Tokens, Error> {
    let callback = Callback::listen().await?;
    let redirect = RedirectUrl::new(callback.redirect_uri());
    let redirect = redirect.map_err(|_| Error::Invalid("the redirect URI is not a URL"))?;
    let asked = server.ask(&login.scopes, Some(redirect))?;
    let intro = match browser::open(&asked.url).await {
        true => "A browser opens. If it does not, visit this page on this machine:",
        false => "No browser could be opened. Visit this page on this machine:",
    };
    eprintln!("{intro}\n{}", asked.url);
    let metadata = server.metadata();
    let expected =
        Expected { state: asked.state, issuer: metadata.issuer.clone(), names_issuer: metadata.names_issuer };
    let code = callback.answer(expected, Duration::from_secs(login.wait)).await?;
    server.redeem(code, asked.proof).await
}

/// The code is bound to this request by PKCE alone: a page that shows it returns no state.
async fn by_code(server: &Server, login: &Login) -> Result<Tokens, Error> {
    let asked = server.ask(&login.scopes, None)?;
    eprintln!("Visit this page, and enter the code that it shows:\n{}", asked.url);
    let code = code::read(Duration::from_secs(login.wait)).await?;
    server.redeem(code, asked.proof).await
}

/// The lock lasts from reading to writing, so a token that can be used once is used once.
async fn refresh_from_file(login: &Login, file: &Authentication) -> Result<(), Error> {
    let lock = file.lock().await?;
    let token = file.read()?.ok_or_else(|| Error::NotLoggedIn(file.path().to_owned()))?;
    let tokens = Server::find(&login.shared).await?.refresh(&token).await?;
    let stored = match tokens.refresh_token() {
        Some(next) => file.write(next, &lock),
        None => Ok(()),
    };
    drop(lock);
    print(login, &tokens, Some(&token))?;
    stored?;
    eprintln!("The tokens are new.");
    Ok(())
}

async fn refresh_from_environment(
    login: &Login,
    file: &Authentication,
    token: &RefreshToken,
) -> Result<(), Error> {
    let tokens = Server::find(&login.shared).await?.refresh(token).await?;
    let next = tokens.refresh_token().filter(|next| next.secret() != token.secret());
    let stored = match next {
        Some(next) => store(file, next).await,
        None => Ok(()),
    };
    print(login, &tokens, Some(token))?;
    stored?;
    eprintln!("The tokens are new.");
    if next.is_some() {
        let path = file.path().display();
        eprintln!("The token in GDH_REFRESH_TOKEN is used up. {path} has the next one: unset the variable.");
    }
    Ok(())
}

async fn store(file: &Authentication, token: &RefreshToken) -> Result<(), Error> {
    let lock = file.lock().await?;
    file.write(token, &lock)
}

/// Prints the tokens if the user asked for them, also if they could not be stored.
fn print(login: &Login, tokens: &Tokens, before: Option<&RefreshToken>) -> Result<(), Error> {
    if !login.print_all_tokens {
        return Ok(());
    }
    let json = tokens::as_json(tokens, before);
    writeln!(io::stdout(), "{json:#}").map_err(|error| Error::Local { what: "cannot write to stdout", error })
}
