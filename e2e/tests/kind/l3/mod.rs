mod job;
mod official;
