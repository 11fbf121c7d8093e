//! 2. Text rendering: the profile as ApplicationSet documents.
//!
//! Tera templates in delimiters that leave `{{ }}` to Argo CD. The built-in ones are embedded; a user's templates are
//! handed in as text.
//!
//! Architecture invariant: pure. A template sees the profile and nothing else: no file, no environment, no clock.

pub mod check;
pub mod context;
pub mod engine;
pub mod lexer;
pub mod output;
pub mod shape;
pub mod source;
pub mod yaml;
