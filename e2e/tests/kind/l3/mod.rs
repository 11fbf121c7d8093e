mod fleet;
mod job;
mod official;
mod pods;
mod repositories;
