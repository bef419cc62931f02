//! Pages with the mails that the service would have sent: as HTML, as text, and as they would have gone over the wire.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::mail::shown;
use crate::mail::{Composed, Sent};

/// For pages of ours: nothing but their own style, and mails in frames.
const OURS: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// For mails: nothing runs, nothing is fetched, nothing is sent, and nothing leads anywhere.
const THEIRS: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'; \
     base-uri 'none'; form-action 'none'";

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn router(sent: Sent) -> Router {
    let (list, one, html, raw) = (sent.clone(), sent.clone(), sent.clone(), sent);
    Router::new()
        .route("/", get(move || async move { page(HTML, OURS, index(&list)) }))
        .route(
            "/{number}",
            get(move |at: Path<usize>| async move {
                of(&one, *at, |at, mail| page(HTML, OURS, single(at, mail)))
            }),
        )
        .route(
            "/{number}/html",
            get(move |at: Path<usize>| async move {
                of(&html, *at, |_, mail| page(HTML, THEIRS, shown(&mail.rendered)))
            }),
        )
        .route(
            "/{number}/raw",
            get(move |at: Path<usize>| async move {
                of(&raw, *at, |_, mail| page(TEXT, THEIRS, String::from_utf8_lossy(&mail.bytes).into_owned()))
            }),
        )
}

fn page(media_type: &'static str, policy: &'static str, text: String) -> Response {
    let headers = [
        (CONTENT_TYPE, media_type),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

/// A page of the mail that was sent as the `number`th, from 0.
fn of(sent: &Sent, number: usize, show: impl FnOnce(usize, &Composed) -> Response) -> Response {
    match sent.all().get(number) {
        Some(mail) => show(number, mail),
        None => (StatusCode::NOT_FOUND, "there is no such mail").into_response(),
    }
}

fn around(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\n\
         <style>:root{{color-scheme:light dark}}body{{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em}}\
         iframe{{width:100%;height:42em;border:1px solid #999}}pre{{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid \
         #999;padding:1em}}</style>\n{body}</html>\n"
    )
}

fn index(sent: &Sent) -> String {
    let all = sent.all();
    let line = |(number, mail): (usize, &Composed)| {
        let (to, subject) = (escape(&mail.envelope.to), escape(&mail.rendered.subject));
        format!("<li><a href=\"/{number}\">{subject}</a><br>To {to}</li>\n")
    };
    let lines: String = all.iter().enumerate().rev().map(line).collect();
    let body = format!(
        "<h1>Mailbox</h1>\n<p>Mails that this development service would have sent, newest first. Load again for newer \
         ones.</p>\n<ol reversed>{lines}</ol>\n"
    );
    around("Mailbox", &body)
}

fn single(number: usize, mail: &Composed) -> String {
    let bytes = String::from_utf8_lossy(&mail.bytes);
    let headers = bytes.split("\r\n\r\n").next().unwrap_or_default();
    let subject = escape(&mail.rendered.subject);
    let body = format!(
        "<p><a href=\"/\">Mailbox</a></p>\n<h1>{subject}</h1>\n<p>From {}<br>To {}</p>\n\
         <h2>HTML</h2>\n<iframe sandbox=\"\" src=\"/{number}/html\" title=\"The mail as HTML\"></iframe>\n\
         <h2>Text</h2>\n<pre dir=\"auto\">{}</pre>\n<h2>Headers</h2>\n<pre>{}</pre>\n<p><a href=\"/{number}/raw\">All of it</a></p>\n",
        escape(&mail.envelope.from),
        escape(&mail.envelope.to),
        escape(&mail.rendered.text),
        escape(headers),
    );
    around(&subject, &body)
}

/// Text as it may stand between tags.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Letter, Mail, Mailer};

    async fn with_hostile_mail() -> Sent {
        let (mailer, sent) = Mailer::memory("Example <a@b.example>").unwrap();
        let letter = Letter {
            to: &"c@d.example".parse().unwrap(),
            locale: "en",
            id: "n1",
            date: chrono::DateTime::default(),
        };
        let mut mail = mailer.write(&Mail::Test, &letter).unwrap();
        mail.rendered.subject = "<script>alert('&')</script>".to_owned();
        mail.rendered.text = "</pre><b>".to_owned();
        mail.rendered.html = "<script>alert(1)</script><img src=\"https://t.example/\">".to_owned();
        mailer.send(&mail).await.unwrap();
        sent
    }

    #[tokio::test]
    async fn what_mails_say_is_text() {
        let sent = with_hostile_mail().await;
        let subject = "&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;";
        assert!(index(&sent).contains(&format!("<a href=\"/0\">{subject}</a>")), "{}", index(&sent));
        let page = single(0, &sent.all()[0]);
        assert!(
            page.contains(&format!("<h1>{subject}</h1>")) && page.contains("&lt;/pre&gt;&lt;b&gt;</pre>"),
            "{page}"
        );
        assert!(
            page.contains("Auto-Submitted: auto-generated")
                && page.contains("<iframe sandbox=\"\" src=\"/0/html\"")
        );
    }

    #[tokio::test]
    async fn a_mail_as_html_can_do_nothing() {
        let sent = with_hostile_mail().await;
        let answer = of(&sent, 0, |_, mail| page(HTML, THEIRS, shown(&mail.rendered)));
        let policy = answer.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("; sandbox;"), "{policy}");
        assert!(!policy.contains("script-src") && !policy.contains("https:"), "{policy}");
        assert_eq!(of(&sent, 1, |_, _| unreachable!()).status(), StatusCode::NOT_FOUND);
    }
}
