//! Plans of the statements of grants: each finds its rows by an index of the column that it knows.

#[cfg(test)]
mod tests {
    use crate::verify::sql::grants::statements::*;
    use crate::verify::sql::{SqlVerifier, Value};

    /// Every statement that a request runs, the column that leads to its rows, and the types of its
    /// parameters: text, integer, bytes.
    fn all() -> Vec<(&'static str, String, &'static str)> {
        let mut all = vec![
            ("code_digest", redeem(), "tibtttbittbbi"),
            ("code_digest", replay().to_owned(), "tibt"),
            ("refresh_digest", renew(), "tibtbittbi"),
            ("family_digest", recover(), "tibtbittbiib"),
            ("family_digest", reuse().to_owned(), "tibtbi"),
            ("family_digest", FAMILY.to_owned(), "tbtb"),
            ("public_id", of_jwt(), "titbi"),
            ("subject", list(), "tit"),
        ];
        let found = [
            ("previous_digest", BY_ACCESS, "tib"),
            ("refresh_digest", BY_REFRESH, "tibb"),
            ("code_digest", BY_CODE, "tib"),
            ("public_id", BY_ID, "tit"),
            ("public_id", BY_JWT, "titi"),
        ];
        all.extend(found.map(|(column, found, parameters)| (column, find(&found), parameters)));
        let ended = [
            ("previous_digest", OF_ACCESS, "titb"),
            ("family_digest", OF_FAMILY, "titb"),
            ("code_digest", OF_CODE, "titb"),
            ("public_id", OF_CLIENTS_ID, "titt"),
            ("public_id", OF_CLIENTS_JWT, "titti"),
            ("public_id", OF_ID, "tit"),
            ("session", OF_SESSION, "tit"),
            ("subject", OF_USER, "tit"),
            ("subject", OF_USER_AND_CLIENT, "titt"),
            ("client", OF_CLIENT, "tit"),
        ];
        all.extend(ended.map(|(column, which, parameters)| (column, end(which), parameters)));
        all
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn no_statement_reads_a_table_from_end_to_end_on_sqlite() {
        let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await.unwrap();
        let database = &verifier.shared.database;
        for (column, text, parameters) in all() {
            let explain = database.statement(&format!("EXPLAIN QUERY PLAN {text}"));
            let mut steps = Vec::new();
            for mut row in database.read(explain, vec![Value::Text(None); parameters.len()]).await.unwrap() {
                let _ = (row.integer().unwrap(), row.integer().unwrap(), row.integer().unwrap());
                steps.push(row.name().unwrap());
            }
            assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{steps:#?} of {text}");
            assert!(steps.iter().any(|step| step.contains(&format!("{column}=?"))), "{steps:#?} of {text}");
        }
    }

    /// With rows and statistics, because the planner reads a short table from end to end.
    #[cfg(feature = "postgres")]
    #[tokio::test]
    async fn no_statement_reads_a_table_from_end_to_end_on_postgres() {
        use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqlSafeStr as _};

        let Ok(address) = std::env::var("TEST_POSTGRES_URL") else {
            eprintln!("not tested: TEST_POSTGRES_URL is not set");
            return;
        };
        let prefix = format!("plans{}_", std::process::id());
        let verifier = SqlVerifier::postgres(address.as_str()).table_prefix(prefix).connect().await.unwrap();
        let database = &verifier.shared.database;
        let mut server = sqlx::PgConnection::connect(&address).await.unwrap();
        let mut run = async |text: String| {
            let text = AssertSqlSafe(database.statement(&text).as_str().to_owned()).into_sql_str();
            sqlx::raw_sql(text).fetch_all(&mut server).await.unwrap()
        };
        run(FILL.to_owned()).await;
        for (at, (column, text, parameters)) in all().into_iter().enumerate() {
            let named = |of: char| match of {
                't' => "TEXT",
                'i' => "BIGINT",
                _ => "BYTEA",
            };
            let types: Vec<&str> = parameters.chars().map(named).collect();
            let nulls = vec!["NULL"; types.len()].join(", ");
            run(format!("PREPARE of_{at} ({}) AS {text}", types.join(", "))).await;
            let rows = run(format!("EXPLAIN EXECUTE of_{at}({nulls})")).await;
            let steps: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            assert!(!steps.iter().any(|step| step.contains("Seq Scan")), "{steps:#?} of {text}");
            let by_column =
                |step: &String| step.contains("Index Cond") && step.contains(&format!("{column} = "));
            assert!(steps.iter().any(by_column), "{steps:#?} of {text}");
        }
        run("DROP TABLE {p}schema, {p}users, {p}credentials, {p}roles, {p}role_permissions, {p}assignments,
            {p}user_permissions, {p}revocations, {p}holders, {p}sessions, {p}departures CASCADE"
            .to_owned())
        .await;
    }

    /// Rows as of a tenant with many users, clients and grants, and plans for any values.
    #[cfg(feature = "postgres")]
    const FILL: &str = "SET plan_cache_mode = force_generic_plan;
    INSERT INTO {p}users (tenant, name, created_at) SELECT '', 'u' || n, 0 FROM generate_series(1, 5000) n;
    INSERT INTO {p}credentials (tenant, kind, public_id, digest, previous_digest, subject, user_id, client, scopes,
        created_at, expires_at, generation, code_digest, family_digest, refresh_digest, refresh_before, refresh_until,
        session)
    SELECT '', 'access_token', 'g' || n, sha256(('a' || n)::bytea), sha256(('p' || n)::bytea), 'u' || n, (SELECT id FROM {p}users WHERE name = 'u' || n),
        'c' || n % 500, '', 0, 9000000000000, 1, sha256(('c' || n)::bytea), sha256(('f' || n)::bytea), sha256(('r' || n)::bytea), sha256(('b' || n)::bytea), 9000000000000, 's' || n
    FROM generate_series(1, 5000) n;
    INSERT INTO {p}revocations (digest, ends_at) SELECT sha256(('x' || n)::bytea), 9000000000000 FROM generate_series(1, 5000) n;
    ANALYZE";
}
