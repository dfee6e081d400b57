//! The rule for a refresh token that was used.

use std::time::Duration;

/// Rule for the refresh token that was in force before the current one.
///
/// Any older token is reuse, and ends the grant. The default is a grace window of 10 s and no
/// recovery.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::grant::RefreshRule;
///
/// let strict = RefreshRule::new().grace(Duration::ZERO);
/// let forgiving = RefreshRule::new().recover(Duration::from_secs(60));
/// # let _ = (strict, forgiving);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct RefreshRule {
    grace: Duration,
    recover: Duration,
}

impl RefreshRule {
    /// Maximum grace window.
    pub const LONGEST_GRACE: Duration = Duration::from_secs(30);

    /// Returns the default rule.
    pub const fn new() -> Self {
        Self { grace: Duration::from_secs(10), recover: Duration::ZERO }
    }

    /// Sets the time after a rotation in which the token before it is refused without an end of the
    /// grant, because a client may have sent two requests at once. Defaults to 10 s. The maximum is
    /// 30 s; with zero any reuse ends the grant.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_principal::grant::RefreshRule;
    ///
    /// let strict = RefreshRule::new().grace(Duration::ZERO);
    /// assert_eq!(strict.grace_window(), Duration::ZERO);
    /// // 30 s at most:
    /// let long = RefreshRule::new().grace(Duration::from_secs(600));
    /// assert_eq!(long.grace_window(), RefreshRule::LONGEST_GRACE);
    /// ```
    pub const fn grace(mut self, grace: Duration) -> Self {
        let too_long = grace.as_secs() >= Self::LONGEST_GRACE.as_secs();
        self.grace = if too_long { Self::LONGEST_GRACE } else { grace };
        self
    }

    /// Allows the token before the current one to renew again for this time after the rotation, so
    /// that a client recovers from a lost answer. Defaults to zero: no recovery.
    ///
    /// The lost refresh and access tokens end at that moment, so there are never two live
    /// successors. It gives up the refusal of a stolen token that is used within this time. The
    /// theft is noticed when the client uses its own token.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_principal::grant::RefreshRule;
    ///
    /// // For clients on bad lines, which lose an answer now and then:
    /// let rule = RefreshRule::new().recover(Duration::from_secs(60));
    /// assert_eq!(rule.recovery_window(), Duration::from_secs(60));
    /// assert_eq!(RefreshRule::new().recovery_window(), Duration::ZERO);
    /// ```
    pub const fn recover(mut self, within: Duration) -> Self {
        self.recover = within;
        self
    }

    /// Returns the grace window.
    pub const fn grace_window(&self) -> Duration {
        self.grace
    }

    /// Returns the recovery window; zero for no recovery.
    pub const fn recovery_window(&self) -> Duration {
        self.recover
    }
}

impl Default for RefreshRule {
    fn default() -> Self {
        Self::new()
    }
}
