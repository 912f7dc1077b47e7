//! ureq 3, which blocks.

use embedded_roots::Roots;
use ureq::Agent;

/// An agent that trusts these roots.
pub fn agent(roots: &Roots) -> Agent {
    roots.ureq_agent()
}
