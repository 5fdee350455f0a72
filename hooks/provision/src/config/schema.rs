//! The JSON Schema of the file, from the types and tables that read it.

use std::borrow::Cow;

use schemars::{
    JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema, transform::RecursiveTransform,
};
use serde_json::{Map, Value, json};

use super::attribute::{self, Attribute, Kind, Table};

/// The schema, draft 7, as editors read it. It takes what the hooks take, but for plain numbers where texts
/// are meant and keys without a value; the grammar of texts and what two keys must agree on are the hooks' to say.
#[must_use]
pub fn schema() -> String {
    let generator =
        SchemaSettings::draft07().with_transform(RecursiveTransform(without_null)).into_generator();
    let schema = generator.into_root_schema_for::<super::Written>();
    serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
}

/// A key that may be left out has no value then, and null is none that the reader takes.
fn without_null(schema: &mut Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    let Some(kinds) = schema.get_mut("type").and_then(Value::as_array_mut) else { return };
    kinds.retain(|kind| kind != "null");
    if let [kind] = kinds.as_slice() {
        let kind = kind.clone();
        schema.insert("type".to_owned(), kind);
    }
}

impl<T: Table> JsonSchema for attribute::Written<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Attributes".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let properties: Map<String, Value> =
            T::ROWS.iter().map(|row| (row.name.to_owned(), row.schema(generator))).collect();
        json_schema!({ "type": "object", "additionalProperties": false, "properties": properties })
    }
}

impl Attribute {
    fn schema(&self, generator: &mut SchemaGenerator) -> Value {
        let mut schema = match &self.kind {
            Kind::Number { least, most, unit } => {
                json!({ "type": "integer", "minimum": least, "maximum": most, "description": unit })
            }
            Kind::Flag => json!({ "type": "boolean" }),
            // A version is written as a number too.
            Kind::Word(words) => {
                let numbers = words.iter().filter_map(|word| word.parse::<u32>().ok()).map(Value::from);
                json!({ "enum": words.iter().map(|word| json!(word)).chain(numbers).collect::<Vec<_>>() })
            }
            Kind::Text(most) => {
                json!({ "type": "string", "minLength": 1, "maxLength": most, "description": "one line, or none" })
            }
            Kind::Arn => json!({ "type": "string", "description": "an ARN, or none" }),
            Kind::Json | Kind::Partial | Kind::Policy => {
                json!({ "type": ["object", "string"], "description": "an object, the text of one, or none" })
            }
            Kind::DeadLetters { .. } => {
                json!({ "anyOf": [generator.subschema_for::<super::reference::WrittenDeadLetters>(), { "const": "none" }] })
            }
            Kind::Allowed => {
                json!({ "anyOf": [generator.subschema_for::<super::reference::WrittenAllowed>(), { "const": "none" }] })
            }
        };
        schema["title"] = json!(self.api);
        schema
    }
}
