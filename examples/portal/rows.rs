//! Socrata's datasets in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::{Map, Value, json};

pub(crate) type Row = Map<String, Value>;

/// The maximum number of rows of a dataset.
const LIMIT: usize = 10_000;

pub(crate) struct Dataset {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) visibility: Visibility,
    table: Mutex<Table>,
}

#[derive(Clone, Copy)]
pub(crate) enum Visibility {
    Public,
    Private,
}

#[derive(Default)]
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
    pub(crate) fn demo() -> Vec<Self> {
        let cities = json!([
            { "id": "1", "city": "Oslo", "temperature": "4.5" },
            { "id": "2", "city": "Aarhus", "temperature": "7.1" },
        ]);
        let stations = json!([{ "id": "1", "station": "Blindern", "note": "being calibrated" }]);
        vec![
            Self::new("4tka-6guv", "City temperatures", Visibility::Public, cities),
            Self::new("priv-0001", "Stations under repair", Visibility::Private, stations),
        ]
    }

    fn new(id: &'static str, name: &'static str, visibility: Visibility, rows: Value) -> Self {
        let dataset = Self { id, name, visibility, table: Mutex::default() };
        dataset.replace(serde_json::from_value(rows).unwrap_or_default());
        dataset
    }

    /// Returns the rows of a SODA query: `$limit`, `$offset` and, for `:id`,
    /// `$$exclude_system_fields=false`.
    pub(crate) fn read(&self, query: &HashMap<String, String>) -> Vec<Row> {
        let number = |name: &str| query.get(name).and_then(|value| value.parse().ok());
        let with_ids = query.get("$$exclude_system_fields").is_some_and(|value| value == "false");
        let mut rows: Vec<Row> = {
            let table = self.table();
            table
                .rows
                .iter()
                .skip(number("$offset").unwrap_or(0))
                .take(number("$limit").unwrap_or(1000))
                .cloned()
                .collect()
        };
        if !with_ids {
            rows.iter_mut().for_each(|row| drop(row.remove(":id")));
        }
        rows
    }

    /// Creates rows. Updates a row that is named by `:id` or by `id`, the row identifier.
    /// Removes it if `":deleted": true` is set.
    pub(crate) fn upsert(&self, rows: Vec<Row>) -> Changes {
        let mut changes = Changes::default();
        let mut table = self.table();
        for row in rows {
            table.upsert(row, &mut changes);
        }
        changes
    }

    pub(crate) fn replace(&self, rows: Vec<Row>) -> Changes {
        let mut table = self.table();
        let mut changes = Changes { deleted: table.rows.len(), ..Changes::default() };
        table.rows.clear();
        for row in rows {
            table.upsert(row, &mut changes);
        }
        changes
    }

    /// Deletes a row, and returns true if it existed.
    pub(crate) fn delete(&self, id: &str) -> bool {
        let mut table = self.table();
        let position = table.rows.iter().position(|row| names(row, ":id", id) || names(row, "id", id));
        position.map(|position| table.rows.remove(position)).is_some()
    }

    pub(crate) fn view(&self) -> Value {
        let Self { id, name, .. } = self;
        json!({ "id": id, "name": name, "viewType": "tabular", "displayType": "table", "columns": [] })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
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
