//! Unsubscribing from reminders, by one click in the mail program (RFC 8058) or on a page.
//!
//! A GET changes nothing, since programs look at links in mails; a POST of `List-Unsubscribe=One-Click` does it, without a
//! cookie, a sign-in or a redirect. The button of the page sends the same.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::language::Language;
use super::{Page, answer};
use crate::flow::mail_link::{self, LinkError};
use crate::http::kit::body;
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::state::Api;
use crate::model::mail_link::LinkToken;

/// What is read of a body, in bytes: the form has one field.
const MAX_BODY: usize = 4096;

/// The field of the form and its value (RFC 8058, section 3.1), which stand in the body in both encodings that it may come in.
const ONE_CLICK: [&str; 2] = ["List-Unsubscribe", "One-Click"];

/// What the page says in one language: title and text each, and the button.
struct Words {
    ask: (&'static str, &'static str),
    button: &'static str,
    done: (&'static str, &'static str),
    over: (&'static str, &'static str),
}

fn words(language: Language) -> Words {
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

/// Shows a page that asks.
pub(in crate::http) async fn ask(
    State(api): State<Api>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::wanted(&headers);
    let is_alive = match token.parse::<LinkToken>() {
        Ok(token) => mail_link::can_unsubscribe(&api.app, &token).await?,
        Err(_) => false,
    };
    let words = words(language);
    if is_alive {
        show(&api, language, StatusCode::OK, words.ask, Some(words.button))
    } else {
        show(&api, language, StatusCode::NOT_FOUND, words.over, None)
    }
}

/// Does it.
pub(in crate::http) async fn take(
    State(api): State<Api>,
    Path(token): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read(&api, request, MAX_BODY).await?;
    let text = String::from_utf8_lossy(&body.bytes);
    if !ONE_CLICK.iter().all(|part| text.contains(part)) {
        return Err(Problem::new(Code::InvalidRequest)
            .because("The body must be a form with the field List-Unsubscribe=One-Click (RFC 8058)."));
    }
    let language = Language::wanted(&headers);
    let outcome = match token.parse::<LinkToken>() {
        Ok(token) => mail_link::unsubscribe(&api.app, &token).await,
        Err(_) => Err(LinkError::Unknown),
    };
    let words = words(language);
    match outcome {
        Ok(()) => show(&api, language, StatusCode::OK, words.done, None),
        Err(LinkError::Store(error)) => Err(error.into()),
        Err(_) => show(&api, language, StatusCode::NOT_FOUND, words.over, None),
    }
}

fn show(
    api: &Api,
    language: Language,
    status: StatusCode,
    (title, text): (&str, &str),
    button: Option<&str>,
) -> Result<Response, Problem> {
    let page = Page { language: language.code(), provider: &api.app.notes.issuer_name, title, text, button };
    answer(status, &page)
}
