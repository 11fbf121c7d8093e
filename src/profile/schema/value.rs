//! Values that stand in many places.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A text; numbers and booleans without quotes count as the text that the file shows.
pub(super) struct Scalar;

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean", "null"] })
    }
}

/// Any value at all.
pub(super) struct Anything;

impl JsonSchema for Anything {
    fn schema_name() -> Cow<'static, str> {
        "Anything".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!(true)
    }
}

/// A value, or the variable that stands for it.
pub(super) struct OrVariable<T>(std::marker::PhantomData<T>);

impl<T: JsonSchema> JsonSchema for OrVariable<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrVariable", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({
            "anyOf": [
                value,
                { "type": "string", "pattern": "\\$\\{\\s*var\\.[A-Za-z_][A-Za-z0-9_-]*\\s*\\}" },
                { "type": "null" },
            ]
        })
    }
}

/// `true`, `false`, or a variable that is one of them.
pub(super) type Flag = OrVariable<bool>;
