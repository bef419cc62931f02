//! What it costs to guess, and what can be told from how long an answer takes.

use std::time::{Duration, Instant};

use idos_issuer::http::CONSOLE_ROUTES;
use idos_issuer::model::staff::{Reach, Role};

use super::browser::{Answer, Browser, Office, PASSWORD};

const DAY: i64 = 24 * 3600;

/// Tries as often as it may for a day: `attempt` makes one, and what has to be waited for is waited for. Gives how many were looked at.
async fn for_a_day(office: &Office, mut attempt: impl AsyncFnMut(u32) -> Answer) -> u32 {
    let end = office.app.clock.now().unix_seconds() + DAY;
    let mut looked_at = 0;
    for number in 0.. {
        if office.app.clock.now().unix_seconds() >= end {
            break;
        }
        let answer = attempt(number).await;
        match answer.status {
            422 => looked_at += 1,
            429 => office.pass_seconds(answer.header("retry-after").unwrap().parse().unwrap()),
            other => panic!("{other}: {}", answer.text()),
        }
        assert!(looked_at < 1000, "nothing slows it down");
    }
    looked_at
}

on_both_databases! {
    /// A hundred and some guesses a day: of passwords of twelve characters, and of names that nobody has.
    async fn a_day_of_guessing_passwords_is_a_hundred_guesses(backend) {
        let office = Office::open(backend).await;
        office.person("anna", Role::Admin, Reach::All).await;
        for name in ["anna", "nobody"] {
            let guesses = for_a_day(&office, async |number| {
                let password = format!("guess number {number}");
                Browser::of(&office).post("/console/sign-in", &[("name", name), ("password", &password)]).await
            }).await;
            assert!((20..=130).contains(&guesses), "{name}: {guesses}");
        }
        office.close().await;
    }

    /// Who knows the password makes some thirty guesses of codes a day, each right with a chance of one in 333 333.
    async fn a_day_of_guessing_codes_is_thirty_guesses(backend) {
        let office = Office::open(backend).await;
        let anna = office.person("anna", Role::Admin, Reach::All).await;
        let guesses = for_a_day(&office, async |number| {
            let mut thief = Browser::of(&office);
            let half = thief.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await;
            if half.status != 303 {
                return half;
            }
            let token = thief.get("/console/sign-in/code").await.expect(200).form_token();
            let wrong = (anna.code().parse::<u32>().unwrap() + 17 + number % 1000) % 1_000_000;
            // Every third a code for the case that theirs are lost.
            let code = if number % 3 == 0 { format!("AAAA-AAAA-AAAA-{number:04}") } else { format!("{wrong:06}") };
            thief.post("/console/sign-in/code", &[("form_token", &token), ("code", &code)]).await
        }).await;
        assert!((10..=45).contains(&guesses), "{guesses}");
        office.close().await;
    }

    /// Whoever has somebody's session, and neither password nor code, does not find them by the forms in it.
    async fn forms_within_a_session_are_no_faster(backend) {
        let office = Office::open(backend).await;
        let anna = office.person("anna", Role::Admin, Reach::All).await;
        // Of the browser that has come in, the thief has the session alone.
        let mut thief = Browser::of(&office);
        let session = anna.browser.session().unwrap().to_owned();
        thief.cookies.insert(crate::console::browser::SESSION.to_owned(), session);
        let token = thief.get("/console").await.expect(200).form_token();
        let mut statuses = Vec::new();
        for guess in 0..12 {
            let old = format!("guess number {guess}");
            let fields = [("form_token", token.as_str()), ("old", &old), ("password", "another four words"), ("again", "another four words")];
            statuses.push(thief.post("/console/account/password", &fields).await.status);
        }
        assert_eq!(statuses[..5], [422; 5]);
        assert!(statuses[6..].iter().all(|status| *status == 429), "{statuses:?}");
        let mut statuses = Vec::new();
        let right: u32 = anna.code().parse().unwrap();
        for guess in 0..8 {
            let code = format!("{:06}", (right + 17 + guess) % 1_000_000);
            statuses.push(thief.post("/console/confirm", &[("form_token", &token), ("code", &code)]).await.status);
        }
        assert_eq!(statuses, [422, 422, 422, 422, 422, 429, 429, 429]);
        office.close().await;
    }

    /// What takes long is done for names that nobody has, and for people who cannot come in, as it is for others.
    async fn time_tells_nothing_about_names(backend) {
        let office = Office::open(backend).await;
        for name in ["anna", "bert", "cora"] {
            office.person(name, Role::Viewer, Reach::All).await;
        }
        for name in ["dora", "emil", "fritz"] {
            office.invite(name, Role::Viewer, Reach::All).await;
        }
        let kinds = [["anna", "bert", "cora"], ["xaver", "yoko", "zoe"], ["dora", "emil", "fritz"]];
        let mut least = [Duration::MAX; 3];
        // In turns, so that what else the machine does is shared by all; the least of each is what it takes by itself.
        for guess in 0..4 {
            for place in 0..3 {
                for (kind, names) in kinds.iter().enumerate() {
                    let password = format!("guess number {guess}");
                    let start = Instant::now();
                    let answer = Browser::of(&office).post("/console/sign-in", &[("name", names[place]), ("password", &password)]).await;
                    least[kind] = least[kind].min(start.elapsed());
                    answer.expect(422);
                }
            }
            // One address makes thirty before it waits.
            office.pass_seconds(DAY + 1);
        }
        let (slowest, fastest) = (least.iter().max().unwrap(), least.iter().min().unwrap());
        assert!(*fastest * 2 > *slowest, "known, unknown, invited: {least:?}");
        office.close().await;
    }

    /// Whatever is sent is sent by a page of ours: each form there is, with the right token, from elsewhere.
    async fn no_form_is_taken_from_elsewhere(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Admin, Reach::All).await;
        let token = anna.browser.get("/console").await.expect(200).form_token();
        let before = office.app.store.audit_end().await.unwrap().seq;
        let mut tried = 0;
        for route in CONSOLE_ROUTES.iter().filter(|route| route.method == "POST") {
            let path = route.path.replace("{id}", "iss_01ARZ3NDEKTSV4RRFFQ69G5FAV").replace("{token}", "AAAA");
            for (site, origin) in [(Some("cross-site"), None), (Some("same-site"), None), (None, Some("https://evil.example")), (None, None)] {
                let mut elsewhere = anna.browser.clone();
                elsewhere.site = site;
                elsewhere.headers.extend(origin.map(|origin| ("Origin".to_owned(), origin.to_owned())));
                let answer = elsewhere.post(&path, &[("form_token", &token)]).await;
                assert_eq!(answer.status, 400, "{path} {site:?} {origin:?}");
                tried += 1;
            }
        }
        assert!(tried > 60, "{tried}");
        assert_eq!(office.app.store.audit_end().await.unwrap().seq, before, "nothing was done");
        anna.browser.get("/console").await.expect(200);
        office.close().await;
    }
}
