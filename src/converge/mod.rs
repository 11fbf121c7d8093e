//! 6. The loop: observe, plan, write wave by wave, wait. Prints nothing; speaks through [`event::Event`].

pub mod event;
pub mod outcome;
