//! The steps of a verifier for one token.

use std::fmt;

use super::{
    Check, Denial, Header, Json, JwtVerifier, Keys, NAME, SignatureCheck, Value, VerifyError, flawed,
    other_issuer, parts, signed,
};

/// The steps of a [`JwtVerifier`] for one token; made by [`JwtVerifier::explain`].
///
/// Its text has neither the token nor its signature, and no claim about a person. It names issuer,
/// audience, algorithm, `typ`, `kid` and differences of clocks. It ends with the setting that would
/// accept the token, if a safe one exists. It is for operators: a client that reads it learns what
/// to forge.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use tower_principal::test_util::Issuer;
///
/// let issuer = Issuer::new("https://login.example")?;
/// let verifier = issuer.verifier("https://api.example").build()?;
/// let token = issuer.token("otto").audience("https://other.example").sign();
///
/// let explanation = verifier.explain(&token).await;
/// assert!(!explanation.is_accepted());
/// println!("{explanation}");
/// // The text is safe to write down: it has no token.
/// assert!(!explanation.to_string().contains(&token));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Explanation {
    steps: Vec<(Check, Outcome)>,
    settings: Vec<&'static str>,
}

#[derive(Clone, Debug)]
enum Outcome {
    Passed(String),
    Failed(String),
    /// The step needs a result that an earlier step did not find.
    Skipped,
}

impl JwtVerifier {
    /// Explains this verifier's steps for a token. Every possible step is tried, so that a token
    /// with two faults shows both. Keys that are not fetched yet are fetched.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::JwtVerifier;
    /// use tower_principal::verify::{Algorithm, KeySet};
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let keys = KeySet::from_secret(
    ///     Algorithm::Hs256,
    ///     b"a secret of 32 random bytes, not this",
    /// )?;
    /// let verifier = JwtVerifier::builder("https://issuer.example")
    ///     .audience("https://api.example")
    ///     .keys(keys)
    ///     .build()?;
    /// let explanation = verifier.explain("not.a-jwt").await;
    /// assert!(!explanation.is_accepted());
    /// assert!(explanation.to_string().contains("not a JWT in the compact form"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn explain(&self, token: &str) -> Explanation {
        let mut explanation = Explanation { steps: Vec::new(), settings: Vec::new() };
        let (jws, payload) = match parts(token, self.rules.length) {
            Ok(opened) => opened,
            Err(denial) => {
                explanation.fails(&denial);
                return explanation.finished();
            }
        };
        explanation.passes(Check::Format, format!("a JWT in the compact form, {} bytes", token.len()));
        let header = match Header::read(&jws) {
            Ok(header) => {
                let typ = header.typ().unwrap_or("none");
                explanation.passes(Check::Header, format!("{header}, typ {}", Value::Sent(typ)));
                Some(header)
            }
            Err(flaw) => {
                explanation.fails(&flawed(&flaw));
                None
            }
        };
        let Some(claims) = Json::read(&payload) else {
            explanation.fails(&Denial::new(Check::Issuer, "claims that are not JSON, or repeat a name"));
            return explanation.finished();
        };
        let issuer = match self.rules.issuers.of(&claims) {
            Some(Ok(issuer)) => {
                explanation.passes(Check::Issuer, shown(&issuer));
                Some(issuer)
            }
            Some(Err(denial)) => {
                explanation.fails(&denial);
                None
            }
            None => {
                explanation.fails(&other_issuer(&self.rules.issuers, &claims));
                None
            }
        };
        self.explain_keys(&mut explanation).await;
        let Some(header) = header else { return explanation.finished() };
        let wanted = header.wanted(issuer.as_deref());
        let signature = match &self.keys {
            Keys::Fixed(keys) => Ok(keys.check_signature(&wanted, &jws)),
            Keys::Published(published) => published.verify(&wanted, &jws).await,
        };
        match signature.as_ref().map(|signature| signed(&header, *signature)) {
            Ok(Ok(())) => explanation.passes(Check::Signature, "by a key of the issuer".to_owned()),
            Ok(Err(denial)) => explanation.fails(&Denial { check: Check::Signature, ..denial }),
            Err(_) => {}
        }
        self.explain_claims(&mut explanation, &header, &claims);
        if let (Some(issuer), Ok(SignatureCheck::Valid)) = (issuer, signature)
            && let Ok(claimed) = self.rules.check_claims(&header, &claims, self.clock.now())
        {
            match self.denylist.is_used() && self.denylist.holds(self.token(&issuer, claimed.id, &jws)) {
                true => explanation.fails(&Denial::new(Check::Revocation, "revoked here")),
                false => explanation.passes(Check::Revocation, "not revoked here".to_owned()),
            }
        }
        explanation.finished()
    }

    async fn explain_keys(&self, explanation: &mut Explanation) {
        match &self.keys {
            Keys::Fixed(keys) => explanation.passes(Check::Key, format!("{} given", keys.len())),
            Keys::Published(published) => match published.load().await {
                Ok(count) => explanation.passes(Check::Key, format!("{count} published")),
                Err(VerifyError::Unavailable(cause)) => {
                    let why = cause.to_string();
                    explanation.steps.push((Check::Key, Outcome::Failed(why)));
                }
                Err(error) => explanation.steps.push((Check::Key, Outcome::Failed(error.to_string()))),
            },
        }
    }

    fn explain_claims(&self, explanation: &mut Explanation, header: &Header, claims: &Json<'_>) {
        match self.rules.check_use(header, claims) {
            Ok(()) => {
                explanation.passes(Check::Use, "an accepted use".to_owned());
                explanation.passes(Check::Audience, "an audience of this verifier".to_owned());
            }
            Err(denial) => {
                if denial.check == Check::Audience {
                    explanation.passes(Check::Use, "an accepted use".to_owned());
                }
                explanation.fails(&denial);
            }
        }
        match self.rules.check_times(claims, self.clock.now()) {
            Ok(_) => explanation.passes(Check::Time, "valid now".to_owned()),
            Err(denial) => explanation.fails(&Denial { check: Check::Time, ..denial }),
        }
        let rest = self.rules.check_claims(header, claims, self.clock.now()).err();
        let rest = rest.filter(|denial| denial.check == Check::Claims);
        let user = self.mapping.user(claims).err().map(|why| Denial::new(Check::Claims, why));
        match rest.or(user) {
            Some(denial) => explanation.fails(&denial),
            None => explanation.passes(Check::Claims, "complete".to_owned()),
        }
    }
}

impl Explanation {
    /// Returns true if the verifier accepts the token.
    pub fn is_accepted(&self) -> bool {
        self.steps.iter().all(|(_, outcome)| matches!(outcome, Outcome::Passed(_)))
    }

    /// Returns the settings that would accept the token, by the names of the builder's methods.
    /// Empty if no safe setting would.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let verifier = issuer.verifier("https://api.example").build()?;
    /// let token = issuer.token("otto").audience("https://api.example");
    /// let plain = token.header("typ", "JWT").sign();
    /// let explanation = verifier.explain(&plain).await;
    /// assert!(explanation.settings().any(|setting| setting.contains("accept")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn settings(&self) -> impl Iterator<Item = &'static str> {
        self.settings.iter().copied()
    }

    fn passes(&mut self, check: Check, text: String) {
        self.steps.push((check, Outcome::Passed(text)));
    }

    fn fails(&mut self, denial: &Denial<'_>) {
        denial.log(NAME);
        self.steps.push((denial.check, Outcome::Failed(denial.to_string())));
        self.settings.extend(denial.setting);
    }

    /// Adds a line for each step that could not be tried.
    fn finished(mut self) -> Self {
        for check in STEPS {
            if !self.steps.iter().any(|(tried, _)| *tried == check) {
                self.steps.push((check, Outcome::Skipped));
            }
        }
        self.steps.sort_by_key(|(check, _)| *check);
        self
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (check, outcome) in &self.steps {
            let check = check.as_str();
            match outcome {
                Outcome::Passed(text) => writeln!(f, "ok      {check:<10} {text}")?,
                Outcome::Failed(text) => writeln!(f, "FAILED  {check:<10} {text}")?,
                Outcome::Skipped => writeln!(f, "-       {check:<10} not tried")?,
            }
        }
        if self.is_accepted() {
            return f.write_str("the token is accepted");
        }
        match &*self.settings {
            [] => f.write_str("the token is refused; no safe setting accepts it"),
            settings => write!(f, "the token is refused; see {}", settings.join(", ")),
        }
    }
}

fn shown(text: &str) -> String {
    Value::Text(text).to_string()
}

/// The steps of a verification.
const STEPS: [Check; 10] = [
    Check::Format,
    Check::Header,
    Check::Issuer,
    Check::Key,
    Check::Signature,
    Check::Use,
    Check::Audience,
    Check::Claims,
    Check::Time,
    Check::Revocation,
];
