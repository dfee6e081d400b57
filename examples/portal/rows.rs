//! Socrata's datasets.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::documents::{Document, Documents, Unkept};

pub(crate) type Row = Map<String, Value>;

/// The maximum number of rows of a dataset.
const LIMIT: usize = 1_000;

/// A dataset: what is fixed, and the table of its rows in the database.
pub(crate) struct Dataset {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) visibility: Visibility,
    table: Document<Table>,
}

#[derive(Clone, Copy)]
pub(crate) enum Visibility {
    Public,
    Private,
}

#[derive(Clone, Default, Deserialize, Serialize)]
struct Table {
    rows: Vec<Row>,
    last_id: u64,
}

/// The result of a write, in SODA's words.
#[derive(Default, Serialize)]
pub(crate) struct Changes {
    #[serde(rename = "Rows Created")]
    created: usize,
    #[serde(rename = "Rows Updated")]
    updated: usize,
    #[serde(rename = "Rows Deleted")]
    deleted: usize,
    #[serde(rename = "Errors")]
    errors: usize,
    #[serde(rename = "By RowIdentifier")]
    by_row_identifier: usize,
    #[serde(rename = "By SID")]
    by_sid: usize,
}

impl Dataset {
    /// Returns the datasets that the portal starts with.
    pub(crate) fn demo(documents: &Documents) -> Vec<Self> {
        let cities = json!([
            { "id": "1", "city": "Oslo", "temperature": "4.5" },
            { "id": "2", "city": "Aarhus", "temperature": "7.1" },
        ]);
        let stations = json!([{ "id": "1", "station": "Blindern", "note": "being calibrated" }]);
        vec![
            Self::new("4tka-6guv", "City temperatures", Visibility::Public, cities, documents),
            Self::new("priv-0001", "Stations under repair", Visibility::Private, stations, documents),
        ]
    }

    fn new(
        id: &'static str,
        name: &'static str,
        visibility: Visibility,
        rows: Value,
        documents: &Documents,
    ) -> Self {
        let mut seed = Table::default();
        seed.replace(serde_json::from_value(rows).unwrap_or_default());
        Self { id, name, visibility, table: Document::new(documents, format!("socrata/{id}"), seed) }
    }

    /// Returns the rows of a SODA query: `$limit`, `$offset` and, for `:id`,
    /// `$$exclude_system_fields=false`.
    pub(crate) async fn read(&self, query: &HashMap<String, String>) -> Result<Vec<Row>, Unkept> {
        let number = |name: &str| query.get(name).and_then(|value| value.parse().ok());
        let with_ids = query.get("$$exclude_system_fields").is_some_and(|value| value == "false");
        let rows = self.table.read().await?.rows.into_iter();
        let mut rows: Vec<Row> =
            rows.skip(number("$offset").unwrap_or(0)).take(number("$limit").unwrap_or(1000)).collect();
        if !with_ids {
            rows.iter_mut().for_each(|row| drop(row.remove(":id")));
        }
        Ok(rows)
    }

    /// Creates rows. Updates a row that is named by `:id` or by `id`, the row identifier.
    /// Removes it if `":deleted": true` is set.
    pub(crate) async fn upsert<E: From<Unkept>>(
        &self,
        rows: impl Fn() -> Result<Vec<Row>, E>,
    ) -> Result<Changes, E> {
        self.table.change(|table| Ok(table.upsert_all(rows()?))).await
    }

    pub(crate) async fn replace<E: From<Unkept>>(
        &self,
        rows: impl Fn() -> Result<Vec<Row>, E>,
    ) -> Result<Changes, E> {
        self.table.change(|table| Ok(table.replace(rows()?))).await
    }

    /// Deletes a row, and returns true if it existed.
    pub(crate) async fn delete(&self, id: &str) -> Result<bool, Unkept> {
        self.table.change(|table| Ok(table.delete(id))).await
    }

    pub(crate) fn view(&self) -> Value {
        let Self { id, name, .. } = self;
        json!({ "id": id, "name": name, "viewType": "tabular", "displayType": "table", "columns": [] })
    }
}

impl Table {
    fn upsert_all(&mut self, rows: Vec<Row>) -> Changes {
        let mut changes = Changes::default();
        rows.into_iter().for_each(|row| self.upsert(row, &mut changes));
        changes
    }

    fn replace(&mut self, rows: Vec<Row>) -> Changes {
        let deleted = self.rows.len();
        self.rows.clear();
        Changes { deleted, ..self.upsert_all(rows) }
    }

    fn delete(&mut self, id: &str) -> bool {
        let position = self.rows.iter().position(|row| names(row, ":id", id) || names(row, "id", id));
        position.map(|position| self.rows.remove(position)).is_some()
    }

    fn upsert(&mut self, mut row: Row, changes: &mut Changes) {
        let sid = self.position(&row, ":id");
        let position = sid.or_else(|| self.position(&row, "id"));
        if row.get(":deleted") == Some(&Value::Bool(true)) {
            match position {
                Some(position) => {
                    self.rows.remove(position);
                    changes.deleted += 1;
                }
                None => changes.errors += 1,
            }
        } else if let Some(known) = position.and_then(|position| self.rows.get_mut(position)) {
            row.remove(":id");
            known.extend(row);
            changes.updated += 1;
            *if sid.is_some() { &mut changes.by_sid } else { &mut changes.by_row_identifier } += 1;
        } else if self.rows.len() < LIMIT {
            self.last_id += 1;
            row.insert(":id".to_owned(), format!("row-{:04}", self.last_id).into());
            self.rows.push(row);
            changes.created += 1;
        } else {
            changes.errors += 1;
        }
    }

    fn position(&self, row: &Row, column: &str) -> Option<usize> {
        let wanted = row.get(column)?;
        self.rows.iter().position(|row| row.get(column) == Some(wanted))
    }
}

/// Returns true if the row's `column` equals `id`, as a text or a number.
fn names(row: &Row, column: &str, id: &str) -> bool {
    match row.get(column) {
        Some(Value::String(text)) => text == id,
        Some(Value::Number(number)) => number.to_string() == id,
        _ => false,
    }
}
