//! What helps, in German: the model says it in English.

/// What the model says, and the same in German.
#[rustfmt::skip]
const CURES: &[(&str, &str)] = &[
    ("have the network's owner make every write key a delegate of one inserter, then ask for it again, with a new Idempotency-Key", "lassen Sie den Eigentümer des Netzwerks jeden Schreibschlüssel zum Beauftragten eines Inserters machen, und beantragen Sie es noch einmal mit einem neuen Idempotency-Key"),
    ("see whether the user has the credential; if not, ask for it again, with a new Idempotency-Key", "sehen Sie nach, ob der Nutzer den Nachweis hat; wenn nicht, beantragen Sie ihn noch einmal mit einem neuen Idempotency-Key"),
    ("ask for it again, with a new Idempotency-Key: what was kept of it is gone", "beantragen Sie es noch einmal mit einem neuen Idempotency-Key: Was davon aufbewahrt war, ist weg"),
    ("put the write key that sealed the credential back into the configuration, and revoke again", "nehmen Sie den Schreibschlüssel, der den Nachweis versiegelt hat, wieder in die Konfiguration auf, und widerrufen Sie noch einmal"),
    ("have the network's owner make every write key a delegate of one inserter, and revoke again", "lassen Sie den Eigentümer des Netzwerks jeden Schreibschlüssel zum Beauftragten eines Inserters machen, und widerrufen Sie noch einmal"),
    ("revoke again; if that does not help, ask the node's operator", "widerrufen Sie noch einmal; hilft das nicht, fragen Sie den Betreiber des Knotens"),
    ("see the node's words in the service's log, and to their cause; then revoke again", "sehen Sie im Protokoll des Dienstes nach, was der Knoten gesagt hat, beheben Sie die Ursache, und widerrufen Sie dann noch einmal"),
    ("ask for it again, with another wallet of the user and a new Idempotency-Key: this one belongs to a profile, and if that is the user's own, nothing is left to do", "beantragen Sie es noch einmal mit einem anderen Wallet des Nutzers und einem neuen Idempotency-Key: Dieses gehört zu einem Profil, und wenn es das des Nutzers ist, bleibt nichts zu tun"),
    ("have the user sign again, with this or another wallet, and ask for it again with a new Idempotency-Key", "lassen Sie den Nutzer noch einmal unterschreiben, mit diesem oder einem anderen Wallet, und beantragen Sie es noch einmal mit einem neuen Idempotency-Key"),
    ("ask for it again, with the encryption key that this user has or with another userId, and a new Idempotency-Key", "beantragen Sie es noch einmal, mit dem Verschlüsselungsschlüssel, den dieser Nutzer hat, oder mit einer anderen userId, und mit einem neuen Idempotency-Key"),
    ("put the missing vault key back, and resume; if it is lost, ask for it again with a new Idempotency-Key", "bringen Sie den fehlenden Tresorschlüssel zurück, und setzen Sie fort; ist er verloren, beantragen Sie es noch einmal mit einem neuen Idempotency-Key"),
    ("resume: the user is then created once more", "setzen Sie fort: Der Nutzer wird dann noch einmal angelegt"),
    ("have the user's profile created, and resume", "lassen Sie das Profil des Nutzers anlegen, und setzen Sie fort"),
    ("ask for it again, with a new Idempotency-Key", "beantragen Sie es noch einmal mit einem neuen Idempotency-Key"),
    ("have the user's profile created, and ask for it again with a new Idempotency-Key: what was encrypted is for the key that the user had", "lassen Sie das Profil des Nutzers anlegen, und beantragen Sie es noch einmal mit einem neuen Idempotency-Key: Was verschlüsselt war, ist für den Schlüssel, den der Nutzer hatte"),
    ("have the user sign a new write grant, and resume with it", "lassen Sie den Nutzer eine neue Schreiberlaubnis unterschreiben, und setzen Sie damit fort"),
    ("put the missing vault key back, and resume; or have the user sign a new write grant, and resume with it", "bringen Sie den fehlenden Tresorschlüssel zurück, und setzen Sie fort; oder lassen Sie den Nutzer eine neue Schreiberlaubnis unterschreiben, und setzen Sie damit fort"),
    ("add the wallet that signed the grant to the user's profile, and resume; or resume with a write grant that a wallet of the profile has signed", "nehmen Sie das Wallet, das die Schreiberlaubnis unterschrieben hat, in das Profil des Nutzers auf, und setzen Sie fort; oder setzen Sie mit einer Schreiberlaubnis fort, die ein Wallet des Profils unterschrieben hat"),
    ("have the user's profile created with the encryption key that it had, and resume", "lassen Sie das Profil des Nutzers mit dem Verschlüsselungsschlüssel anlegen, den es hatte, und setzen Sie fort"),
    ("submit again, with a new Idempotency-Key: the encryption key that the user has is then used", "reichen Sie noch einmal ein, mit einem neuen Idempotency-Key: Dann gilt der Verschlüsselungsschlüssel, den der Nutzer hat"),
    ("submit again with a write grant of the user, and a new Idempotency-Key: the network takes nothing from inserters any more", "reichen Sie noch einmal ein, mit einer Schreiberlaubnis des Nutzers und einem neuen Idempotency-Key: Das Netzwerk nimmt von Insertern nichts mehr an"),
    ("see the blob gateway's words in the service's log, and to their cause; then resume", "sehen Sie im Protokoll des Dienstes nach, was das Blob-Gateway gesagt hat, beheben Sie die Ursache, und setzen Sie dann fort"),
    ("have the user's encryption key replaced on the network, and resume", "lassen Sie den Verschlüsselungsschlüssel des Nutzers im Netzwerk ersetzen, und setzen Sie fort"),
    ("put the missing vault key back, and resume; if it is lost, submit again with a new Idempotency-Key", "bringen Sie den fehlenden Tresorschlüssel zurück, und setzen Sie fort; ist er verloren, reichen Sie noch einmal ein, mit einem neuen Idempotency-Key"),
    ("submit again, with a new Idempotency-Key", "reichen Sie noch einmal ein, mit einem neuen Idempotency-Key"),
    ("have the network's owner make every write key a delegate of one inserter, and resume", "lassen Sie den Eigentümer des Netzwerks jeden Schreibschlüssel zum Beauftragten eines Inserters machen, und setzen Sie fort"),
    ("see to the cause, which is in the service's log, and resume", "beheben Sie die Ursache, die im Protokoll des Dienstes steht, und setzen Sie fort"),
    ("see the node's words in the service's log, and to their cause; then resume", "sehen Sie im Protokoll des Dienstes nach, was der Knoten gesagt hat, beheben Sie die Ursache, und setzen Sie dann fort"),
    ("resume with the userId, once the user has an idOS profile", "setzen Sie mit der userId fort, sobald der Nutzer ein idOS-Profil hat"),
    ("correct what is named at the vendor; its next webhook, or resuming, brings it on", "berichtigen Sie beim Anbieter, was genannt ist; sein nächster Webhook, oder Fortsetzen, bringt es weiter"),
    ("use a live account of the vendor: test data becomes no credential", "benutzen Sie ein echtes Konto des Anbieters: Aus Testdaten wird kein Nachweis"),
    ("have the vendor do more checks, or take the level in source.levels", "lassen Sie den Anbieter mehr prüfen, oder nehmen Sie die Stufe in source.levels auf"),
    ("have the files taken again at the vendor, in a format and size that can be shown, and resume", "lassen Sie die Dateien beim Anbieter neu aufnehmen, in einem Format und einer Größe, die gezeigt werden können, und setzen Sie fort"),
    ("have the files taken again at the vendor, of a smaller size, and resume; source.file_mode = \"fit\" has pictures made to fit", "lassen Sie die Dateien beim Anbieter kleiner neu aufnehmen, und setzen Sie fort; mit source.file_mode = \"fit\" werden Bilder passend gemacht"),
    ("correct the fields that are named at the vendor, and resume", "berichtigen Sie beim Anbieter die genannten Felder, und setzen Sie fort"),
    ("have the vendor's case begun with the externalId of this verification", "lassen Sie den Fall beim Anbieter mit der externalId dieser Prüfung beginnen"),
    ("verify a person: companies have no credential", "prüfen Sie eine Person: Unternehmen haben keinen Nachweis"),
    ("see whether the case is there, in this account of the vendor, and resume", "sehen Sie nach, ob es den Fall in diesem Konto des Anbieters gibt, und setzen Sie fort"),
    ("put a valid key of the vendor into the configuration; it is then asked again by itself", "nehmen Sie einen gültigen Schlüssel des Anbieters in die Konfiguration auf; dann wird von selbst noch einmal gefragt"),
    ("see the service's log; resume after an update of the service or of the vendor", "sehen Sie in das Protokoll des Dienstes; setzen Sie nach einer Aktualisierung des Dienstes oder des Anbieters fort"),
    ("wait: it is asked again by itself", "warten Sie: Es wird von selbst noch einmal gefragt"),
    ("open another verification", "beginnen Sie eine andere Prüfung"),
    ("nothing: the consumer takes nobody of this country", "nichts: Der Verbraucher nimmt niemanden aus diesem Land"),
    ("register the consumer anew, and have the person begin again", "registrieren Sie den Verbraucher neu, und lassen Sie die Person noch einmal beginnen"),
    ("nothing: it is the vendor's decision", "nichts: Es ist die Entscheidung des Anbieters"),
];

/// The same in German, if it is known.
pub(super) fn in_german(cure: &str) -> Option<&'static str> {
    CURES.iter().find(|(english, _)| *english == cure).map(|(_, german)| *german)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::issuance::{HaltCode, Stopped};
    use crate::model::verification::Reason;

    #[test]
    fn whatever_helps_is_said_in_german_and_nothing_else() {
        let of_halts = HaltCode::ALL.iter().flat_map(|code| Stopped::ALL.iter().map(|what| code.cure(*what)));
        let all: Vec<_> = of_halts.chain(Reason::ALL.iter().map(|reason| reason.cure())).collect();
        for cure in &all {
            assert!(in_german(cure).is_some(), "{cure}");
        }
        for (english, german) in CURES {
            assert!(all.contains(english), "nobody says so any more: {english}");
            assert!(!german.is_empty());
        }
    }
}
