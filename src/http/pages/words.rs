//! What pages say, in each language.

use super::language::Language;

/// What the page says in one language: title and text each, and the button.
pub(super) struct Words {
    pub(super) ask: (&'static str, &'static str),
    pub(super) button: &'static str,
    pub(super) done: (&'static str, &'static str),
    pub(super) over: (&'static str, &'static str),
    /// Of a request to erase that is to be confirmed.
    pub(super) confirm: (&'static str, &'static str),
    pub(super) confirm_button: &'static str,
    pub(super) confirmed: (&'static str, &'static str),
    pub(super) no_confirmation: (&'static str, &'static str),
    /// Of a claim's link that there is not, or that has expired; and what is said where scripts do not run.
    pub(super) no_claim: (&'static str, &'static str),
    pub(super) late_claim: (&'static str, &'static str),
    pub(super) claim_title: &'static str,
    pub(super) needs_script: &'static str,
}

/// The words in a language.
pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::En => &EN,
        Language::De => &DE,
        Language::Fr => &FR,
        Language::Es => &ES,
        Language::Pt => &PT,
    }
}

const EN: Words = Words {
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
    confirm: (
        "Confirm your request?",
        "Somebody has asked to have the data erased that is kept about you. If it was you, confirm it here. The request is examined before anything is erased.",
    ),
    confirm_button: "Confirm request",
    confirmed: (
        "Your request is confirmed",
        "It is examined now, and you will be told what becomes of it. You can close this page.",
    ),
    no_confirmation: (
        "This link does not work any more",
        "It has expired, was used, or the request is over. Ask whoever sent it to you for a new one.",
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
};

const DE: Words = Words {
    ask: (
        "Keine Erinnerungen mehr?",
        "Sie werden dann nicht mehr per E-Mail daran erinnert, dass einer Ihrer Nachweise abläuft. Ihre Nachweise bleiben, wie sie sind.",
    ),
    button: "Erinnerungen beenden",
    done: ("Keine Erinnerungen mehr", "Sie werden nicht mehr erinnert. Sie können diese Seite schließen."),
    over: (
        "Dieser Link funktioniert nicht mehr",
        "Er ist abgelaufen, oder das, worum es ging, wurde gelöscht. Wenn Sie weiterhin Erinnerungen erhalten, nutzen Sie den Link der neuesten.",
    ),
    confirm: (
        "Anfrage bestätigen?",
        "Jemand hat darum gebeten, die über Sie gespeicherten Daten zu löschen. Wenn Sie das waren, bestätigen Sie es hier. Bevor etwas gelöscht wird, wird die Anfrage geprüft.",
    ),
    confirm_button: "Anfrage bestätigen",
    confirmed: (
        "Ihre Anfrage ist bestätigt",
        "Sie wird jetzt geprüft, und Sie erfahren, was daraus wird. Sie können diese Seite schließen.",
    ),
    no_confirmation: (
        "Dieser Link funktioniert nicht mehr",
        "Er ist abgelaufen oder wurde benutzt, oder die Anfrage ist erledigt. Bitten Sie den Absender um einen neuen.",
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
};

const FR: Words = Words {
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
    confirm: (
        "Confirmer votre demande ?",
        "Une demande d’effacement des données conservées à votre sujet a été faite. Si elle vient de vous, confirmez-la ici. Elle est examinée avant tout effacement.",
    ),
    confirm_button: "Confirmer la demande",
    confirmed: (
        "Votre demande est confirmée",
        "Elle est maintenant examinée, et vous serez informé de la suite. Vous pouvez fermer cette page.",
    ),
    no_confirmation: (
        "Ce lien ne fonctionne plus",
        "Il a expiré, a été utilisé, ou la demande est close. Demandez-en un nouveau à son expéditeur.",
    ),
    no_claim: (
        "Ce lien ne fonctionne pas",
        "Vérifiez que vous l’avez copié en entier. S’il ne fonctionne toujours pas, demandez-en un nouveau à son expéditeur.",
    ),
    late_claim: ("Ce lien a expiré", "Demandez-en un nouveau à son expéditeur. Rien n’est perdu."),
    claim_title: "Votre attestation",
    needs_script: "Cette page a besoin de JavaScript pour communiquer avec votre portefeuille. Activez-le, ou ouvrez le lien dans un autre navigateur.",
};

const ES: Words = Words {
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
    confirm: (
        "¿Confirmar su solicitud?",
        "Alguien ha pedido que se supriman los datos que se conservan sobre usted. Si ha sido usted, confírmelo aquí. La solicitud se examina antes de suprimir nada.",
    ),
    confirm_button: "Confirmar la solicitud",
    confirmed: (
        "Su solicitud está confirmada",
        "Ahora se examina, y se le informará del resultado. Puede cerrar esta página.",
    ),
    no_confirmation: (
        "Este enlace ya no funciona",
        "Ha caducado, ya se ha usado o la solicitud ha terminado. Pida uno nuevo a quien se lo envió.",
    ),
    no_claim: (
        "Este enlace no funciona",
        "Compruebe que lo ha copiado entero. Si sigue sin funcionar, pida uno nuevo a quien se lo envió.",
    ),
    late_claim: ("Este enlace ha caducado", "Pida uno nuevo a quien se lo envió. No se ha perdido nada."),
    claim_title: "Su credencial",
    needs_script: "Esta página necesita JavaScript para comunicarse con su monedero. Actívelo o abra el enlace en otro navegador.",
};

const PT: Words = Words {
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
    confirm: (
        "Confirmar o seu pedido?",
        "Alguém pediu que sejam apagados os dados conservados sobre si. Se foi você, confirme aqui. O pedido é analisado antes de se apagar seja o que for.",
    ),
    confirm_button: "Confirmar o pedido",
    confirmed: (
        "O seu pedido está confirmado",
        "Será agora analisado, e ser-lhe-á dito o resultado. Pode fechar esta página.",
    ),
    no_confirmation: (
        "Este link já não funciona",
        "Expirou, foi usado, ou o pedido terminou. Peça um novo a quem lho enviou.",
    ),
    no_claim: (
        "Este link não funciona",
        "Verifique se o copiou por inteiro. Se continuar a não funcionar, peça um novo a quem lho enviou.",
    ),
    late_claim: ("Este link expirou", "Peça um novo a quem lho enviou. Não se perdeu nada."),
    claim_title: "A sua credencial",
    needs_script: "Esta página precisa de JavaScript para comunicar com a sua carteira. Ative-o ou abra o link noutro navegador.",
};
