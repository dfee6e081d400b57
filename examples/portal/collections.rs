//! Usergrid's collections, in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::random;

pub(crate) type Entity = Map<String, Value>;

/// The maximum number of collections of an application, and of entities in a collection.
const LIMIT: usize = 1000;
/// The maximum number of entities in a list.
const PAGE: usize = 100;

/// The collections of one application, by entity type: `/cities` and `/city` are the same.
#[derive(Default)]
pub(crate) struct Collections(Mutex<BTreeMap<String, Vec<Entity>>>);

/// The reason for an error answer.
pub(crate) enum Refused {
    /// The body is not a JSON object or a list of them.
    Malformed,
    /// The entity does not exist.
    Absent,
    /// The portal's limit is reached.
    Full,
}

impl Collections {
    pub(crate) fn list(&self, collection: &str) -> Vec<Entity> {
        let collections = self.lock();
        let entities = collections.get(&type_of(collection)).into_iter().flatten();
        entities.take(PAGE).cloned().collect()
    }

    pub(crate) fn find(&self, collection: &str, id: &str) -> Result<Entity, Refused> {
        let collections = self.lock();
        let mut entities = collections.get(&type_of(collection)).into_iter().flatten();
        entities.find(|entity| is(entity, id)).cloned().ok_or(Refused::Absent)
    }

    pub(crate) fn create(&self, collection: &str, mut entity: Entity) -> Result<Entity, Refused> {
        let kind = type_of(collection);
        let uuid = random::uuid().map_err(|_| Refused::Full)?;
        entity.insert("uuid".to_owned(), uuid.clone().into());
        entity.insert("type".to_owned(), kind.clone().into());
        entity.insert("metadata".to_owned(), json!({ "path": format!("/{collection}/{uuid}") }));
        let mut collections = self.lock();
        if collections.len() == LIMIT && !collections.contains_key(&kind) {
            return Err(Refused::Full);
        }
        let entities = collections.entry(kind).or_default();
        if entities.len() == LIMIT {
            return Err(Refused::Full);
        }
        entities.push(entity.clone());
        Ok(entity)
    }

    pub(crate) fn update(&self, collection: &str, id: &str, mut changes: Entity) -> Result<Entity, Refused> {
        for fixed in ["uuid", "type", "metadata"] {
            changes.remove(fixed);
        }
        let mut collections = self.lock();
        let entities = collections.get_mut(&type_of(collection)).ok_or(Refused::Absent)?;
        let entity = entities.iter_mut().find(|entity| is(entity, id)).ok_or(Refused::Absent)?;
        entity.extend(changes);
        Ok(entity.clone())
    }

    pub(crate) fn remove(&self, collection: &str, id: &str) -> Result<Entity, Refused> {
        let mut collections = self.lock();
        let entities = collections.get_mut(&type_of(collection)).ok_or(Refused::Absent)?;
        let position = entities.iter().position(|entity| is(entity, id)).ok_or(Refused::Absent)?;
        Ok(entities.remove(position))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Entity>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns true if the entity has this UUID or `name`.
fn is(entity: &Entity, id: &str) -> bool {
    ["uuid", "name"].iter().any(|field| entity.get(*field).and_then(Value::as_str) == Some(id))
}

/// Returns the entity type: `cities` holds entities of type `city`, `users` of type `user`.
fn type_of(collection: &str) -> String {
    let name = collection.to_lowercase();
    match name.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => name.strip_suffix('s').unwrap_or(&name).to_owned(),
    }
}
