//! Usergrid's collections.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::documents::{Document, Documents, Unkept};
use crate::random;

pub(crate) type Entity = Map<String, Value>;
/// Entities by type.
type Entities = BTreeMap<String, Vec<Entity>>;

/// The maximum number of collections of an application, and of entities in a collection.
const LIMIT: usize = 1000;
/// The maximum number of entities in a list.
const PAGE: usize = 100;

/// The collections of one application, by entity type: `/cities` and `/city` are the same.
pub(crate) struct Collections(Document<Entities>);

/// The reason for an error answer.
pub(crate) enum Refused {
    /// The body is not a JSON object or a list of them.
    Malformed,
    /// The entity does not exist.
    Absent,
    /// The portal's limit is reached.
    Full,
    /// The database does not answer.
    Unavailable,
}

impl From<Unkept> for Refused {
    fn from(reason: Unkept) -> Self {
        match reason {
            Unkept::Full => Self::Full,
            Unkept::Unavailable => Self::Unavailable,
        }
    }
}

impl Collections {
    /// Returns the collections of an application, which starts with two cities.
    pub(crate) fn new(documents: &Documents, org: &str, app: &str) -> Self {
        let mut seed = Entities::new();
        for (name, uuid) in CITIES {
            let city = Entity::from_iter([("name".to_owned(), name.into())]);
            _ = create(&mut seed, "cities", city, uuid.to_owned());
        }
        Self(Document::new(documents, format!("usergrid/{org}/{app}"), seed))
    }

    pub(crate) async fn list(&self, collection: &str) -> Result<Vec<Entity>, Refused> {
        let mut entities = self.0.read().await?.remove(&type_of(collection)).unwrap_or_default();
        entities.truncate(PAGE);
        Ok(entities)
    }

    pub(crate) async fn find(&self, collection: &str, id: &str) -> Result<Entity, Refused> {
        let entities = self.0.read().await?.remove(&type_of(collection)).unwrap_or_default();
        entities.into_iter().find(|entity| is(entity, id)).ok_or(Refused::Absent)
    }

    /// Creates entities, all or none. They are read here, so that one request at a time does it.
    pub(crate) async fn create(
        &self,
        collection: &str,
        entities: impl Fn() -> Result<Vec<Entity>, Refused>,
    ) -> Result<Vec<Entity>, Refused> {
        let change = |collections: &mut Entities| {
            let created = entities()?.into_iter().map(|entity| {
                let uuid = random::uuid().map_err(|_| Refused::Unavailable)?;
                create(collections, collection, entity, uuid)
            });
            created.collect()
        };
        self.0.change(change).await
    }

    pub(crate) async fn update(
        &self,
        collection: &str,
        id: &str,
        changes: impl Fn() -> Result<Entity, Refused>,
    ) -> Result<Entity, Refused> {
        let change = |collections: &mut Entities| {
            let mut changes = changes()?;
            for fixed in ["uuid", "type", "metadata"] {
                changes.remove(fixed);
            }
            let entities = collections.get_mut(&type_of(collection)).ok_or(Refused::Absent)?;
            let entity = entities.iter_mut().find(|entity| is(entity, id)).ok_or(Refused::Absent)?;
            entity.extend(changes);
            Ok(entity.clone())
        };
        self.0.change(change).await
    }

    pub(crate) async fn remove(&self, collection: &str, id: &str) -> Result<Entity, Refused> {
        let change = |collections: &mut Entities| {
            let entities = collections.get_mut(&type_of(collection)).ok_or(Refused::Absent)?;
            let position = entities.iter().position(|entity| is(entity, id)).ok_or(Refused::Absent)?;
            Ok(entities.remove(position))
        };
        self.0.change(change).await
    }
}

const CITIES: [(&str, &str); 2] =
    [("oslo", "2f1a7d34-8c55-4e0a-9d61-3b7f0c9e5a12"), ("aarhus", "7c0e5b92-1d3f-4a68-8e27-90a4d6f1b3c8")];

fn create(
    collections: &mut Entities,
    collection: &str,
    mut entity: Entity,
    uuid: String,
) -> Result<Entity, Refused> {
    let kind = type_of(collection);
    if collections.len() == LIMIT && !collections.contains_key(&kind) {
        return Err(Refused::Full);
    }
    entity.insert("metadata".to_owned(), json!({ "path": format!("/{collection}/{uuid}") }));
    entity.insert("uuid".to_owned(), uuid.into());
    entity.insert("type".to_owned(), kind.clone().into());
    let entities = collections.entry(kind).or_default();
    if entities.len() == LIMIT {
        return Err(Refused::Full);
    }
    entities.push(entity.clone());
    Ok(entity)
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
