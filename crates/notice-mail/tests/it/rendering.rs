use notice_mail::{Brand, Mail};

use super::support::{brand, said, sample, templates, with};

#[test]
fn the_templates_of_this_repository_are_whole() {
    let templates = with(&[]).unwrap_or_else(|faults| panic!("{}", said(&faults)));
    let languages: Vec<_> = templates.languages().map(notice_mail::Language::as_str).collect();
    assert_eq!(languages, ["de", "en", "es", "fr", "pt"]);
}

#[test]
fn a_mail_is_in_the_language_of_its_reader() {
    let templates = templates();
    for (locale, subject, day) in [
        ("en-US", "Example KYC: your verification expires in 30 days", "1 March 2031"),
        ("de-CH", "Example KYC: Ihre Verifizierung läuft in 30 Tagen ab", "1. März 2031"),
        ("fr", "Example KYC\u{a0}: votre vérification expire dans 30 jours", "1er mars 2031"),
        ("es-MX", "Example KYC: su verificación caduca en 30 días", "1 de marzo de 2031"),
        ("pt-BR", "Example KYC: a sua verificação expira em 30 dias", "1 de março de 2031"),
        ("ja", "Example KYC: your verification expires in 30 days", "1 March 2031"),
    ] {
        let rendered = templates.render(&sample("expiring"), locale, &brand()).unwrap();
        assert_eq!(rendered.subject, subject);
        assert!(rendered.text.contains(day) && rendered.html.contains(day), "{locale}: {}", rendered.text);
        assert!(rendered.html.starts_with("<!doctype html>"), "{}", rendered.html);
        assert!(!rendered.text.contains("\n\n\n") && rendered.text.ends_with('\n'));
    }
    let Mail::Expiring { credentials, renew_url, unsubscribe_url, .. } = sample("expiring") else { panic!() };
    let tomorrow = Mail::Expiring { credentials, days_left: 1, renew_url, unsubscribe_url };
    let rendered = templates.render(&tomorrow, "es", &brand()).unwrap();
    assert_eq!(rendered.subject, "Example KYC: su verificación caduca mañana");
}

#[test]
fn what_stands_in_html_is_text() {
    let hostile = Brand { name: "<img src=x onerror=y> & \"Co\"".parse().unwrap(), logo: None, ..brand() };
    let rendered = templates().render(&sample("expired"), "en", &hostile).unwrap();
    assert!(!rendered.html.contains("<img"), "{}", rendered.html);
    assert!(rendered.html.contains("&lt;img src=x onerror=y&gt; &amp; &quot;Co&quot;"), "{}", rendered.html);
    assert!(rendered.text.contains("<img src=x onerror=y> & \"Co\""));
    assert!(rendered.html.contains("privacy?a=b&amp;c=d\"") && rendered.text.contains("privacy?a=b&c=d\n"));
}

#[test]
fn a_template_that_goes_round_and_round_is_a_fault() {
    let endless = "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}";
    for (name, text) in [
        ("test.txt", endless.to_owned()),
        ("de.toml", format!("[expired]\nsubject = \"{endless}\"\n")),
        ("layout.txt", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}".to_owned()),
    ] {
        let faults = match with(&[(name, &text)]) {
            Ok(templates) => templates.check(),
            Err(faults) => faults,
        };
        assert!(said(&faults).contains(name), "{name}: {}", said(&faults));
    }
}

#[test]
fn a_test_mail_is_no_reminder() {
    let rendered = templates().render(&sample("test"), "en", &brand()).unwrap();
    assert!(rendered.unsubscribe_url.is_none() && !rendered.text.contains("reminders"), "{}", rendered.text);
}

#[test]
fn a_language_can_be_added_and_words_replaced() {
    let files = super::support::files();
    let english = &files.iter().find(|(name, _)| name == "en.toml").unwrap().1;
    let arabic = english.replace("{{ day }} {{ month }} {{ year }}", "{{ year }}/{{ month }}/{{ day }}");
    let words = "[expired]\nsubject = \"{{ name }}: abgelaufen\"\n[kind]\nkyc = \"Ausweis\"\n";
    let templates = with(&[("ar.toml", &arabic), ("de.toml", words)])
        .unwrap_or_else(|faults| panic!("{}", said(&faults)));

    let german = templates.render(&sample("expired"), "de", &brand()).unwrap();
    assert_eq!(german.subject, "Example KYC: abgelaufen");
    assert!(german.text.contains("* Ausweis: gültig bis 1. "), "{}", german.text);

    let rendered = templates.render(&sample("expiring"), "ar-EG", &brand()).unwrap();
    assert!(
        rendered.html.contains("<html lang=\"ar\" dir=\"rtl\">") && rendered.html.contains("align=\"right\"")
    );
    assert!(!rendered.html.contains("align=\"left\"") && !rendered.html.contains("text-align: left"));
    // What runs the other way is kept apart.
    assert!(rendered.subject.starts_with("\u{2068}Example KYC\u{2069}: "), "{}", rendered.subject);
}

#[test]
fn what_is_wrong_is_named_by_file_and_line() {
    let files = super::support::files();
    let of = |name: &str| files.iter().find(|(file, _)| file == name).unwrap().1.clone();
    let expiring = of("expiring.html");
    let with_line =
        |line: &str| of("expired.html").replace("{% endblock %}", &format!("{line}\n{{% endblock %}}"));
    for (name, text, expected) in [
        // Words.
        (
            "de.toml",
            "[expiring]\nsubjekt = \"x\"\n".to_owned(),
            "de.toml:2: expiring.subjekt is no text that a mail has",
        ),
        ("de.toml", "[expiring]\n\nsubject = \"{{ name \"\n".to_owned(), "de.toml:3: syntax error"),
        ("de.toml", "[expiring]\nsubject = \"{{ person }}\"\n".to_owned(), "de.toml:2: undefined value"),
        ("de.toml", "[expiring]\nsubject = 5\n".to_owned(), "de.toml:2: "),
        ("de.toml", "[expiring\n".to_owned(), "de.toml:1: "),
        (
            "de.toml",
            "[expiring]\nsubject = \"\"\n".to_owned(),
            "de.toml: expiring.subject must have 1 to 120 characters",
        ),
        ("de.toml", "[month]\n13 = \"x\"\n".to_owned(), "de.toml:2: month.13 is no text"),
        (
            "it.toml",
            "[kind]\nother = \"x\"\n".to_owned(),
            "it.toml: lacks expiring.subject, which en.toml has",
        ),
        // Files.
        ("expirng.html", expiring.clone(), "expirng.html: is none of the templates"),
        ("Deutsch_1.toml", String::new(), "Deutsch_1.toml: is none of the templates"),
        ("notes.md", String::new(), "notes.md: is none of the templates"),
        // Templates.
        ("expiring.html", expiring.replace("{% endfor %}", ""), "expiring.html:"),
        ("expired.html", with_line("{{ nickname }}"), "undefined value"),
        ("expired.html", with_line("{{ items[0].person }}"), "undefined value"),
        ("expired.html", with_line("{{ t('expired.gone') }}"), "there is no text \"expired.gone\""),
        ("expired.html", with_line("{% include 'other.html' %}"), "expired.html:"),
        // What would be fetched, run or sent.
        (
            "expired.html",
            with_line("<img src=\"https://t.example/p.gif\">"),
            "expired.html: shows a picture other than cid:logo",
        ),
        (
            "expired.html",
            with_line("<IMG SRC='//t.example/p.gif'>"),
            "expired.html: shows a picture other than cid:logo",
        ),
        (
            "expired.html",
            with_line("<img src=//t.example/p.gif >"),
            "expired.html: shows a picture other than cid:logo",
        ),
        (
            "expired.html",
            with_line("<p style=\"background: url(https://t.example)\">"),
            "expired.html: has url( in it",
        ),
        ("expired.html", with_line("<Script>x</script>"), "expired.html: has <script in it"),
        (
            "expired.html",
            with_line("<link rel=stylesheet href=\"https://t.example/\">"),
            "expired.html: has <link in it",
        ),
        (
            "expired.html",
            with_line("<a href=\"http://t.example/\">"),
            "expired.html: has a link that does not begin with",
        ),
        ("expired.html", with_line("{{ brand|safe }}"), "expired.html: does not escape the sender's name"),
        // What would be left out.
        (
            "expiring.html",
            expiring.replace("{{ renew_url }}", "https://x.example/"),
            "expiring.html: leaves out renew_url",
        ),
        (
            "expiring.txt",
            of("expiring.txt").replace("{{ renew_url }}", ""),
            "expiring.txt: leaves out renew_url",
        ),
        (
            "layout.txt",
            of("layout.txt").replace("{{ unsubscribe_url }}", ""),
            "expired.txt: leaves out unsubscribe_url",
        ),
        ("expired.txt", of("expired.txt").replace("item.date", "1"), "expired.txt: leaves out the day"),
        ("layout.html", of("layout.html").replace("dir=", "data-d="), "does not say dir=\"ltr\""),
    ] {
        let faults = said(&with(&[(name, &text)]).err().unwrap_or_else(|| panic!("{expected}: no fault")));
        assert!(faults.contains(expected), "{expected}: {faults}");
    }
    // All that is wrong is said at once.
    let faults = with(&[("de.toml", "[expiring]\nsubjekt = \"x\"\n"), ("x.html", "")]).err().unwrap();
    assert_eq!(faults.len(), 2, "{}", said(&faults));
}

#[test]
fn without_a_template_there_is_nothing() {
    let files = super::support::files();
    for missing in
        files.iter().map(|(name, _)| name).filter(|name| !name.contains(".toml") || *name == "en.toml")
    {
        let rest = files
            .iter()
            .filter(|(name, _)| name != missing)
            .map(|(name, text)| (name.as_str(), text.as_str()));
        let faults = said(&notice_mail::Templates::new(rest, []).err().unwrap());
        assert!(faults.contains(missing.as_str()), "{missing}: {faults}");
    }
}
