//! `portal doctor`: explains how a verifier handles a token, step by step.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tower_principal::fetch::HttpClient;
use tower_principal::verify::{Algorithm, KeySet, Keys, TokenUse};
use tower_principal::verify::{Jwks, JwtVerifier};

use crate::BoxError;

/// Explains how a verifier handles a JWT. Prints neither the token nor a claim about a person.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The file with the token.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,

    /// The issuer, as in the claim `iss`.
    #[arg(long, value_name = "URL")]
    issuer: String,

    /// A name of the service, as in the claim `aud`; may be repeated.
    #[arg(long, value_name = "NAME", required = true)]
    audience: Vec<String>,

    /// The use of tokens: `rfc9068` (`typ` is `at+jwt`), `jwt`, `untyped`, `cognito`, `kubernetes`;
    /// may be repeated.
    #[arg(long, value_name = "USE", default_value = "rfc9068", value_parser = token_use)]
    accept: Vec<TokenUse>,

    /// A file of keys in place of the issuer's: a JWK set, a key or a certificate. With it, no keys
    /// are fetched.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,

    /// The algorithm of a key or a certificate in `--keys`.
    #[arg(long, value_name = "NAME", default_value = "RS256", value_parser = algorithm)]
    algorithm: Algorithm,

    /// The address of the keys, if the issuer's metadata does not name it.
    #[arg(long, value_name = "URL", conflicts_with = "keys")]
    jwks: Option<String>,

    /// A proxy for fetching keys.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

impl Doctor {
    /// Prints the explanation. The exit code is 1 if the token is refused.
    pub(crate) async fn run(self) -> Result<ExitCode, BoxError> {
        let token = fs::read_to_string(&self.token_file).map_err(|error| format!("--token-file: {error}"))?;
        let keys = self.keys()?;
        let mut builder = JwtVerifier::builder(self.issuer).accept(self.accept).keys(keys);
        for audience in self.audience {
            builder = builder.audience(audience);
        }
        let explanation = builder.build()?.explain(token.trim()).await;
        writeln!(io::stdout(), "{explanation}")?;
        Ok(if explanation.is_accepted() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn keys(&self) -> Result<Keys, BoxError> {
        let Some(file) = &self.keys else { return self.published() };
        let file = fs::read(file).map_err(|error| format!("--keys: {error}"))?;
        let text = std::str::from_utf8(&file).unwrap_or_default();
        let keys = match text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
            true => KeySet::from_jwks(text),
            false => KeySet::from_public_key(self.algorithm, &file),
        };
        Ok(keys.map_err(|error| format!("--keys: {error}"))?.into())
    }

    fn published(&self) -> Result<Keys, BoxError> {
        let client = match &self.proxy {
            Some(proxy) => HttpClient::builder().proxy(proxy.clone()).build()?,
            None => HttpClient::new()?,
        };
        let keys = match &self.jwks {
            Some(address) => Jwks::builder(address.clone(), client),
            None => Jwks::discovered(self.issuer.clone(), client),
        };
        Ok(keys.build()?.into())
    }
}

fn algorithm(name: &str) -> Result<Algorithm, &'static str> {
    Algorithm::from_name(name).ok_or("expected the name of an algorithm, such as ES256")
}

fn token_use(name: &str) -> Result<TokenUse, &'static str> {
    Ok(match name {
        "rfc9068" => TokenUse::AccessToken,
        "jwt" => TokenUse::PlainJwt,
        "untyped" => TokenUse::UntypedJwt,
        "cognito" => TokenUse::CognitoAccess,
        "kubernetes" => TokenUse::ServiceAccountToken,
        _ => return Err("expected rfc9068, jwt, untyped, cognito or kubernetes"),
    })
}
