mod fleet;
mod job;
mod official;
mod repositories;
