mod fleet;
mod job;
mod official;
mod outages;
mod pods;
mod repositories;
