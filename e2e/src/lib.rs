//! Real control planes for tests and the demo.
