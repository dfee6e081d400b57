//! The exact rule: a redirect URI is a registered one, byte for byte (RFC 9700 section 2.1).

/// Returns `true` if a redirect URI is the registered one. Only the port of a registered `http` URL
/// of `127.0.0.1` or `[::1]` may be another one, because an app cannot choose it (RFC 8252 section
/// 7.3). `localhost` is a name that may stand for another machine, so its port is compared as well.
pub(super) fn fits(registered: &str, asked: &str) -> bool {
    let is_other_port = || without_port(registered).is_some_and(|of| without_port(asked) == Some(of));
    registered == asked || is_other_port()
}

/// Returns a loopback URL as its host, and its path and query. Returns `None` if it is none.
fn without_port(uri: &str) -> Option<(&'static str, &str)> {
    let hosts = ["http://127.0.0.1", "http://[::1]"];
    let (host, rest) = hosts.into_iter().find_map(|host| Some((host, uri.strip_prefix(host)?)))?;
    let rest = match rest.strip_prefix(':') {
        Some(rest) => rest.get(port(rest)?..)?,
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

/// Returns the length of the port that a text starts with; `None` if it is not 1 to 65535 in its
/// shortest writing.
fn port(text: &str) -> Option<usize> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let digits = text.get(..length)?;
    let is_port = digits.parse::<u16>().is_ok_and(|port| port > 0) && !digits.starts_with('0');
    is_port.then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn req_73_a_redirect_uri_is_a_registered_one_byte_for_byte() {
        let registered = "https://viewer.example/cb?x=1";
        assert!(fits(registered, registered));
        // `oidcc-ensure-registered-redirect-uri`, `oidcc-redirect-uri-query-added` and
        // `oidcc-redirect-uri-query-mismatch` are among these.
        for other in [
            "",
            "https://viewer.example/cb",
            "https://viewer.example/cb?x=2",
            "https://viewer.example/cb?x=1&y=2",
            "https://viewer.example/cb?x=1#",
            "https://viewer.example/cb/?x=1",
            "https://viewer.example/CB?x=1",
            "https://viewer.example/c%62?x=1",
            "https://viewer.example/x/../cb?x=1",
            "https://viewer.example:443/cb?x=1",
            "https://VIEWER.example/cb?x=1",
            "https://viewer.example./cb?x=1",
            "https://viewer.example/cb?x=1 ",
            "http://viewer.example/cb?x=1",
            "https://other.example/cb?x=1",
            "https://viewer.example@other.example/cb?x=1",
        ] {
            assert!(!fits(registered, other), "{other}");
        }
    }

    #[test]
    fn req_73_an_app_on_a_loopback_address_chooses_its_port() {
        for registered in ["http://127.0.0.1/cb?x=1", "http://127.0.0.1:5000/cb?x=1"] {
            for port in ["", ":1", ":80", ":5000", ":65535"] {
                let asked = format!("http://127.0.0.1{port}/cb?x=1");
                assert!(fits(registered, &asked), "{asked}");
            }
            for other in [
                "http://127.0.0.1:5001/cb",
                "http://127.0.0.1:5001/cb?x=2",
                "http://127.0.0.1:5001/other?x=1",
                "http://127.0.0.1:5001/cb/../cb?x=1",
                "https://127.0.0.1:5001/cb?x=1",
                "http://127.0.0.2:5001/cb?x=1",
                "http://127.1:5001/cb?x=1",
                "http://2130706433:5001/cb?x=1",
                "http://[::1]:5001/cb?x=1",
                "http://[::ffff:127.0.0.1]:5001/cb?x=1",
                "http://localhost:5001/cb?x=1",
                "http://127.0.0.1.:5001/cb?x=1",
                "http://127.0.0.1.evil.example/cb?x=1",
                "http://127.0.0.1:5001@evil.example/cb?x=1",
                "http://127.0.0.1@evil.example/cb?x=1",
                "http://127.0.0.1:/cb?x=1",
                "http://127.0.0.1:0/cb?x=1",
                "http://127.0.0.1:080/cb?x=1",
                "http://127.0.0.1:+80/cb?x=1",
                "http://127.0.0.1:65536/cb?x=1",
                "http://127.0.0.1:5001evil.example/cb?x=1",
                "http://127.0.0.1:5001\\@evil.example/cb?x=1",
            ] {
                assert!(!fits(registered, other), "{other}");
            }
        }
        assert!(fits("http://[::1]/", "http://[::1]:5001/"));
        assert!(fits("http://127.0.0.1", "http://127.0.0.1:5001"));
        assert!(!fits("http://127.0.0.1", "http://127.0.0.1:5001/"));
        assert!(!fits("http://[::1]/", "http://[0:0:0:0:0:0:0:1]:5001/"));
    }

    #[test]
    fn the_name_localhost_is_no_loopback_address() {
        for registered in ["http://localhost/cb", "http://localhost:5000/cb", "http://x.localhost/cb"] {
            assert!(fits(registered, registered));
            for other in
                ["http://localhost:5001/cb", "http://x.localhost:5001/cb", "http://127.0.0.1:5001/cb"]
            {
                assert!(!fits(registered, other), "{registered} {other}");
            }
        }
        assert!(!fits("https://127.0.0.1/cb", "https://127.0.0.1:5001/cb"));
        assert!(!fits("http://10.0.0.1/cb", "http://10.0.0.1:5001/cb"));
    }
}
