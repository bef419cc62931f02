//! Of one's own account.

use super::Row;

#[rustfmt::skip]
pub(super) const WORDS: &[Row] = &[
    ("account.title", "My account", "Mein Konto"),
    ("account.role", "Role", "Rolle"),
    ("account.client", "Records of", "Vorgänge von"),
    ("account.all_clients", "all clients", "allen Clients"),
    ("account.preferences", "Language and time", "Sprache und Zeit"),
    ("account.language", "Language", "Sprache"),
    ("account.browser_language", "As the browser asks for", "Wie der Browser wünscht"),
    ("account.zone", "Time zone", "Zeitzone"),
    ("account.save", "Save", "Speichern"),
    ("account.password", "Another password", "Ein anderes Passwort"),
    ("account.old", "Your password so far", "Ihr bisheriges Passwort"),
    ("account.new", "The new one", "Das neue"),
    ("account.change", "Change the password", "Passwort ändern"),
    ("account.codes", "Recovery codes", "Wiederherstellungscodes"),
    ("account.codes_left", "You have {n} left.", "Sie haben noch {n}."),
    ("account.renew", "Make new ones", "Neue erstellen"),
    ("account.renew_text", "The old ones work no more then.", "Die alten funktionieren dann nicht mehr."),
    ("account.sessions", "Sessions", "Sitzungen"),
    ("account.since", "Since", "Seit"),
    ("account.seen", "Last used", "Zuletzt benutzt"),
    ("account.ends", "Ends", "Endet"),
    ("account.this", "This one", "Diese"),
    ("account.end", "End", "Beenden"),
    ("account.end_all", "Sign out everywhere", "Überall abmelden"),
];
