//! The guide, a chapter for each task.
//!
//! It exists in the documentation alone, and its code runs as tests. The same chapters are in
//! `docs/guide` of the repository. Build the documentation with all features to read them here.

/// Link targets that the chapters use. The first definition of a label counts, so these replace the
/// relative links of the markdown files, which only work in the repository.
macro_rules! links {
    () => {
        concat!(
            "[answers]: crate::guide::answers\n",
            "[api_keys]: crate::guide::api_keys\n",
            "[cache]: crate::guide::cache\n",
            "[with-curl]: crate::guide::authorize_with_curl\n",
            "[dialects]: crate::guide::dialects\n",
            "[grpc]: crate::guide::grpc\n",
            "[guests]: crate::guide::guests\n",
            "[introspection]: crate::guide::introspection\n",
            "[issue_tokens]: crate::guide::issue_tokens\n",
            "[jwt]: crate::guide::jwt\n",
            "[layers]: crate::guide::layers\n",
            "[logging]: crate::guide::logging\n",
            "[mcp]: crate::guide::mcp\n",
            "[migrating]: crate::guide::migrating\n",
            "[operations]: crate::guide::operations\n",
            "[optional_login]: crate::guide::optional_login\n",
            "[own_tables]: crate::guide::own_tables\n",
            "[pages]: crate::guide::pages\n",
            "[performance]: crate::guide::performance\n",
            "[policies]: crate::guide::policies\n",
            "[portal]: crate::guide::portal\n",
            "[principals]: crate::guide::principals\n",
            "[providers]: crate::guide::providers\n",
            "[proxy]: crate::guide::proxy\n",
            "[streams]: crate::guide::streams\n",
            "[testing]: crate::guide::testing\n",
            "[throttle]: crate::guide::throttle\n",
            "[verifiers]: crate::guide::verifiers\n",
            source!("example-portal", "portal/main"),
            source!("serve", "portal/serve"),
            source!("example-server", "authorization_server"),
            source!("example-access_log", "access_log"),
            source!("example-cached", "cached"),
            source!("example-custom_form", "custom_form"),
            source!("example-custom_verifier", "custom_verifier"),
            source!("example-grpc", "grpc"),
            source!("example-introspection", "introspection"),
            source!("example-login", "login/main"),
            source!("example-mcp", "mcp/main"),
            source!("example-optional_login", "optional_login"),
            source!("example-own_tables", "own_tables"),
            source!("example-postgres", "postgres"),
            source!("example-sqlite", "sqlite"),
            source!("example-testing", "testing"),
            source!("example-websocket_sse", "websocket_sse"),
            "\n",
        )
    };
}

/// A link to an example, where docs.rs shows its source.
macro_rules! source {
    ($label:literal, $file:literal) => {
        concat!(
            "[",
            $label,
            "]: https://docs.rs/crate/tower-principal/latest/source/examples/",
            $file,
            ".rs\n"
        )
    };
}

macro_rules! chapters {
    ($($name:ident: $file:literal $(with $plot:literal)?,)*) => {$(
        #[cfg_attr(
            all(feature = "full", feature = "test-util"),
            doc = concat!(
                links!(),
                include_str!(concat!("../docs/guide/", $file)),
                $("\n", include_str!(concat!("../docs/", $plot)),)?
            )
        )]
        #[cfg_attr(not(all(feature = "full", feature = "test-util")), doc = "Needs all features.")]
        pub mod $name {}
    )*};
}

chapters! {
    answers: "answers.md",
    api_keys: "api_keys.md",
    authorize_with_curl: "authorize_with_curl.md",
    cache: "cache.md",
    dialects: "dialects.md",
    grpc: "grpc.md",
    guests: "guests.md",
    introspection: "introspection.md",
    issue_tokens: "issue_tokens.md",
    jwt: "jwt.md",
    layers: "layers.md",
    logging: "logging.md",
    mcp: "mcp.md",
    migrating: "migrating.md",
    operations: "operations.md",
    optional_login: "optional_login.md",
    own_tables: "own_tables.md",
    pages: "pages.md",
    performance: "performance.md" with "performance.svg",
    policies: "policies.md",
    portal: "portal.md",
    principals: "principals.md",
    providers: "providers.md",
    proxy: "proxy.md",
    streams: "streams.md",
    testing: "testing.md",
    throttle: "throttle.md",
    verifiers: "verifiers.md",
}
