//! What becomes ready and what does not. The test stage runs these on their own: they need more than a control plane.

mod l1_plus;
