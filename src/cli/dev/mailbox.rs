//! A page with the mails that the service would have sent.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::mail::{KeptMail, Sent};

pub(super) fn router(sent: Sent) -> Router {
    Router::new().route("/", get(move || async move { show(&sent) }))
}

fn show(sent: &Sent) -> impl IntoResponse + use<> {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (headers, page(sent))
}

fn page(sent: &Sent) -> String {
    let show = |mail: &KeptMail| {
        let [from, to, subject, text] =
            [&mail.from, &mail.to, &mail.subject, &mail.text].map(|text| escape(text));
        format!("<article><h2>{subject}</h2><p>From {from}<br>To {to}</p><pre>{text}</pre></article>\n")
    };
    let mails = sent.all().iter().rev().map(show).collect::<Vec<_>>().concat();
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Mailbox</title>\n\
         <style>body{{font-family:sans-serif;max-width:50em;margin:2em auto}}\
         article{{border:1px solid #999;padding:0 1em;margin:1em 0}}pre{{white-space:pre-wrap}}</style>\n\
         <h1>Mailbox</h1>\n<p>Mails that this development service would have sent, newest first. Load again for newer \
         ones.</p>\n{mails}</html>\n"
    )
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
    use crate::mail::{Mail, Mailer};

    #[tokio::test]
    async fn what_mails_say_is_text() {
        let (mailer, sent) = Mailer::memory("Example <a@b.example>").unwrap();
        let mail = Mail {
            to: "c@d.example".parse().unwrap(),
            subject: "<script>alert('&')</script>".to_owned(),
            text: "</pre><b>".to_owned(),
        };
        mailer.send(mail).await.unwrap();
        let page = page(&sent);
        assert!(page.contains("<h2>&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;</h2>"), "{page}");
        assert!(page.contains("<pre>&lt;/pre&gt;&lt;b&gt;</pre>"));
    }
}
