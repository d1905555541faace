//! What commands cost: known answers, worked out by hand, and what holds for any command and
//! instance.

mod bench;
mod known;
mod properties;
