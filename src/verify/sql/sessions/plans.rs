//! Plans of the statements of sessions: each finds its rows by an index of a column that it knows.

#[cfg(test)]
mod tests {
    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn no_statement_reads_the_table_from_end_to_end() {
        use crate::verify::sql::sessions::statements::*;
        use crate::verify::sql::{SqlVerifier, Value};

        let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await.unwrap();
        let database = &verifier.shared.database;
        let all = [("digest", FIND, 3), ("digest", END, 3), ("subject", END_ALL, 3), ("digest", PURGE, 2)];
        for (column, text, parameters) in all {
            let explain = database.statement(&format!("EXPLAIN QUERY PLAN {text}"));
            let mut steps = Vec::new();
            for mut row in database.read(explain, vec![Value::Text(None); parameters]).await.unwrap() {
                let _ = (row.integer().unwrap(), row.integer().unwrap(), row.integer().unwrap());
                steps.push(row.name().unwrap());
            }
            assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{steps:#?} of {text}");
            assert!(steps.iter().any(|step| step.contains(&format!("{column}=?"))), "{steps:#?} of {text}");
        }
    }
}
