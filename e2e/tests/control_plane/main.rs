//! Tests on real control planes: levels L1 and L1+. They are one binary, because most of them wait for something most of the
//! time, and only within one binary do they wait together.

mod adoptions;
mod bad_surroundings;
mod connections;
mod converges;
mod deletions;
mod echoes;
mod examples;
mod faults;
mod guards;
mod interrupted;
mod killed;
mod leftovers;
mod locks;
mod machine;
mod races;
mod ready;
mod replacements;
mod replacements_checked;
mod replacements_halfway;
mod requests;
mod saved_plans;
mod secrets;
mod several_hubs;
mod spokes;
mod status;
mod support;
mod terminal;
mod unchanged;
mod waits;
mod waves;
mod workloads;
