//! What pages say, in each language.

use super::language::Language;

/// What the page says in one language: title and text each, and the button.
pub(super) struct Words {
    pub(super) ask: (&'static str, &'static str),
    pub(super) button: &'static str,
    pub(super) done: (&'static str, &'static str),
    pub(super) over: (&'static str, &'static str),
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
        },
    }
}
