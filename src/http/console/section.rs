//! What the navigation leads to.

use crate::flow::staff::SignedIn;
use crate::model::staff::{Reach, Role};

/// A part of the console.
pub(super) struct Section {
    /// Its path below that of the console.
    pub(super) path: &'static str,
    /// The name of its words.
    pub(super) words: &'static str,
    /// Who may go there.
    pub(super) role: Role,
    /// Whether it is for those alone who see the records of all clients.
    pub(super) of_all: bool,
}

impl Section {
    const fn of(path: &'static str, words: &'static str, role: Role, of_all: bool) -> Self {
        Self { path, words, role, of_all }
    }

    /// Whether somebody may go there.
    pub(super) fn is_for(&self, me: &SignedIn) -> bool {
        me.may(self.role) && (!self.of_all || me.staff.reach == Reach::All)
    }
}

/// All of them, in the order in which they are shown.
pub(super) const SECTIONS: &[Section] = &[
    Section::of("", "nav.home", Role::Viewer, false),
    Section::of("/search", "nav.search", Role::Viewer, false),
    Section::of("/cases", "nav.cases", Role::Viewer, false),
    Section::of("/approvals", "nav.approvals", Role::Compliance, false),
    Section::of("/halted", "nav.halted", Role::Viewer, false),
    Section::of("/issuances", "nav.issuances", Role::Viewer, false),
    Section::of("/verifications", "nav.verifications", Role::Viewer, false),
    Section::of("/notices", "nav.notices", Role::Viewer, false),
    Section::of("/events", "nav.events", Role::Viewer, false),
    Section::of("/numbers", "nav.numbers", Role::Viewer, false),
    Section::of("/audit", "nav.audit", Role::Compliance, true),
    Section::of("/health", "nav.health", Role::Viewer, true),
    Section::of("/api-keys", "nav.api_keys", Role::Admin, false),
    Section::of("/people", "nav.people", Role::Admin, true),
];
