//! Clusters that go away, in every way that a network has, while bridge is at work: hubs and spokes are control planes in
//! containers, which can be paused, restarted, cut off and replaced.

mod away;
mod silence;
mod world;
