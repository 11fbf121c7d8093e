mod fleet;
mod job;
mod official;
