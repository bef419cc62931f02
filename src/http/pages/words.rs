//! What pages say, in each language.

use super::language::Language;

/// What the page says in one language: title and text each, and the button.
pub(super) struct Words {
    pub(super) ask: (&'static str, &'static str),
    pub(super) button: &'static str,
    pub(super) done: (&'static str, &'static str),
    pub(super) over: (&'static str, &'static str),
    /// Of a claim's link that there is not, or that has expired; and what is said where scripts do not run.
    pub(super) no_claim: (&'static str, &'static str),
    pub(super) late_claim: (&'static str, &'static str),
    pub(super) claim_title: &'static str,
    pub(super) needs_script: &'static str,
}

/// The words in a language.
pub(super) fn words(language: Language) -> Words {
    match language {
        Language::En => Words {
            ask: (
                "No more reminders?",
                "You will no longer be reminded by e-mail that a credential of yours is about to expire. Your credentials stay as they are.",
            ),
            button: "Stop reminders",
            done: ("No more reminders", "You will not be reminded again. You can close this page."),
            over: (
                "This link does not work any more",
                "It has expired, or what it was about has been deleted. If you still get reminders, use the link of the newest one.",
            ),
            no_claim: (
                "This link does not work",
                "Please check that you have copied all of it. If it still does not work, ask whoever sent it to you for a new one.",
            ),
            late_claim: (
                "This link has expired",
                "Ask whoever sent it to you for a new one. Nothing of yours is lost.",
            ),
            claim_title: "Your credential",
            needs_script: "This page needs JavaScript to speak to your wallet. Please switch it on, or open the link in another browser.",
        },
        Language::De => Words {
            ask: (
                "Keine Erinnerungen mehr?",
                "Sie werden dann nicht mehr per E-Mail daran erinnert, dass einer Ihrer Nachweise abläuft. Ihre Nachweise bleiben, wie sie sind.",
            ),
            button: "Erinnerungen beenden",
            done: (
                "Keine Erinnerungen mehr",
                "Sie werden nicht mehr erinnert. Sie können diese Seite schließen.",
            ),
            over: (
                "Dieser Link funktioniert nicht mehr",
                "Er ist abgelaufen, oder das, worum es ging, wurde gelöscht. Wenn Sie weiterhin Erinnerungen erhalten, nutzen Sie den Link der neuesten.",
            ),
            no_claim: (
                "Dieser Link funktioniert nicht",
                "Bitte prüfen Sie, ob Sie ihn vollständig kopiert haben. Funktioniert er weiterhin nicht, bitten Sie den Absender um einen neuen.",
            ),
            late_claim: (
                "Dieser Link ist abgelaufen",
                "Bitten Sie den Absender um einen neuen. Es ist nichts verloren.",
            ),
            claim_title: "Ihr Nachweis",
            needs_script: "Diese Seite braucht JavaScript, um mit Ihrer Wallet zu sprechen. Bitte schalten Sie es ein, oder öffnen Sie den Link in einem anderen Browser.",
        },
        Language::Fr => Words {
            ask: (
                "Ne plus recevoir de rappels ?",
                "Vous ne serez plus averti par e-mail de l’expiration prochaine d’une de vos attestations. Vos attestations restent inchangées.",
            ),
            button: "Arrêter les rappels",
            done: ("Plus de rappels", "Vous ne recevrez plus de rappels. Vous pouvez fermer cette page."),
            over: (
                "Ce lien ne fonctionne plus",
                "Il a expiré, ou ce qu’il concernait a été supprimé. Si vous recevez encore des rappels, utilisez le lien du plus récent.",
            ),
            no_claim: (
                "Ce lien ne fonctionne pas",
                "Vérifiez que vous l’avez copié en entier. S’il ne fonctionne toujours pas, demandez-en un nouveau à son expéditeur.",
            ),
            late_claim: ("Ce lien a expiré", "Demandez-en un nouveau à son expéditeur. Rien n’est perdu."),
            claim_title: "Votre attestation",
            needs_script: "Cette page a besoin de JavaScript pour communiquer avec votre portefeuille. Activez-le, ou ouvrez le lien dans un autre navigateur.",
        },
        Language::Es => Words {
            ask: (
                "¿No recibir más recordatorios?",
                "Ya no le recordaremos por correo electrónico que una de sus credenciales está a punto de caducar. Sus credenciales no cambian.",
            ),
            button: "Dejar de recibir recordatorios",
            done: ("No habrá más recordatorios", "No recibirá más recordatorios. Puede cerrar esta página."),
            over: (
                "Este enlace ya no funciona",
                "Ha caducado, o se ha eliminado aquello a lo que se refería. Si sigue recibiendo recordatorios, use el enlace del más reciente.",
            ),
            no_claim: (
                "Este enlace no funciona",
                "Compruebe que lo ha copiado entero. Si sigue sin funcionar, pida uno nuevo a quien se lo envió.",
            ),
            late_claim: (
                "Este enlace ha caducado",
                "Pida uno nuevo a quien se lo envió. No se ha perdido nada.",
            ),
            claim_title: "Su credencial",
            needs_script: "Esta página necesita JavaScript para comunicarse con su monedero. Actívelo o abra el enlace en otro navegador.",
        },
        Language::Pt => Words {
            ask: (
                "Não receber mais lembretes?",
                "Deixará de receber lembretes por e-mail quando uma das suas credenciais estiver prestes a expirar. As suas credenciais não mudam.",
            ),
            button: "Parar os lembretes",
            done: ("Sem mais lembretes", "Não receberá mais lembretes. Pode fechar esta página."),
            over: (
                "Este link já não funciona",
                "Expirou, ou aquilo a que se referia foi eliminado. Se ainda recebe lembretes, use o link do mais recente.",
            ),
            no_claim: (
                "Este link não funciona",
                "Verifique se o copiou por inteiro. Se continuar a não funcionar, peça um novo a quem lho enviou.",
            ),
            late_claim: ("Este link expirou", "Peça um novo a quem lho enviou. Não se perdeu nada."),
            claim_title: "A sua credencial",
            needs_script: "Esta página precisa de JavaScript para comunicar com a sua carteira. Ative-o ou abra o link noutro navegador.",
        },
    }
}
