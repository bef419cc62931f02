//! Of coming in: signing in, codes and invitations.

use super::Row;

#[rustfmt::skip]
pub(super) const WORDS: &[Row] = &[
    ("sign_in.title", "Sign in", "Anmelden"),
    ("sign_in.name", "Login name", "Anmeldename"),
    ("sign_in.password", "Password", "Passwort"),
    ("sign_in.go", "Continue", "Weiter"),
    ("sign_in.provider", "Sign in with your organisation’s account", "Mit dem Konto Ihrer Organisation anmelden"),
    ("sample.title", "Look around", "Sehen Sie sich um"),
    ("sample.text", "This is a development service with sample people. Nobody is asked who they are here.", "Das ist ein Dienst zum Entwickeln, mit Beispielpersonen. Hier wird niemand gefragt, wer sie oder er ist."),
    ("sample.viewer", "Sees records, what has stopped, notices, events and numbers, and changes nothing.", "Sieht Vorgänge, was steht, Hinweise, Ereignisse und Zahlen, und ändert nichts."),
    ("sample.compliance", "Also decides about records, and reads the audit chain.", "Entscheidet außerdem über Vorgänge und liest die Prüfkette."),
    ("sample.admin", "Also makes keys, and says who works here.", "Macht außerdem Schlüssel und sagt, wer hier arbeitet."),
    ("sample.go", "Sign in: {role}", "Anmelden: {role}"),
    ("code.provider", "Show it with your organisation’s account", "Mit dem Konto Ihrer Organisation zeigen"),
    ("code.title", "One-time code", "Einmalcode"),
    ("code.text", "Type the code that your app shows. If you have lost it, type one of your recovery codes.", "Geben Sie den Code ein, den Ihre App zeigt. Haben Sie sie verloren, geben Sie einen Ihrer Wiederherstellungscodes ein."),
    ("code.again", "This cannot be undone, so please show once more that it is you.", "Das lässt sich nicht rückgängig machen. Bitte zeigen Sie noch einmal, dass Sie es sind."),
    ("code.code", "Code", "Code"),
    ("code.go", "Sign in", "Anmelden"),
    ("code.go_again", "Confirm", "Bestätigen"),
    ("invitation.title", "Your invitation", "Ihre Einladung"),
    ("invitation.text", "You are invited to this console as {name}.", "Sie sind als {name} zu dieser Konsole eingeladen."),
    ("invitation.choose", "Choose a password", "Wählen Sie ein Passwort"),
    ("invitation.hint", "12 to 128 characters. A few words in a row are good.", "12 bis 128 Zeichen. Gut sind einige Wörter hintereinander."),
    ("invitation.again", "The same again", "Noch einmal dasselbe"),
    ("invitation.setup", "Set up your app for one-time codes", "Richten Sie Ihre App für Einmalcodes ein"),
    ("invitation.scan", "Scan the picture with the app, or type the key into it.", "Scannen Sie das Bild mit der App, oder geben Sie den Schlüssel ein."),
    ("invitation.picture", "The key as a QR code", "Der Schlüssel als QR-Code"),
    ("invitation.key", "Key", "Schlüssel"),
    ("invitation.code", "The code that the app shows now", "Der Code, den die App jetzt zeigt"),
    ("invitation.finish", "Finish", "Fertigstellen"),
    ("codes.title", "Your recovery codes", "Ihre Wiederherstellungscodes"),
    ("codes.text", "Each lets you in once, in place of a one-time code. They are shown this once: keep them where you keep other secrets.", "Jeder lässt Sie einmal ein, anstelle eines Einmalcodes. Sie werden nur dieses Mal gezeigt: Bewahren Sie sie auf wie andere Geheimnisse."),
    ("codes.done", "I have kept them", "Ich habe sie aufbewahrt"),
];
