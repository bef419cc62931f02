//! Every case that is recorded of any vendor, through the service: what becomes of it is what the recording says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_devnode::DevNodeConfig;
use idos_wallet::WalletType;
use serde_json::json;
use uuid::Uuid;

use super::door::{Door, inserter};
use super::verifications::{Vendor, picture, until};
use crate::support::Folder;
use crate::support::service::{Backend, Stage};

#[path = "../../../crates/identity-vendors/tests/it/recorded.rs"]
#[expect(dead_code, reason = "the tests of the crate need more of it")]
pub(crate) mod cases;

use cases::{Conversation, Recorded, all};

/// The section of a source for each vendor, with its files.
fn section(recorded: &Recorded, url: &str, folder: &Folder) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let name = recorded.vendor.name();
    let account = &recorded.cases["account"];
    let secret = |of: &str, text: &str| {
        let path = folder.write(&format!("{name}-{of}"), text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    let key = secret("key", account["key"].as_str().unwrap());
    let second = account["secret"].as_str().map(|text| format!("secret = \"{}\"", secret("secret", text)));
    let files = account.get("files").cloned().unwrap_or_else(|| json!([]));
    format!(
        "[[source]]\nname = \"{name}\"\nvendor = \"{name}\"\nclient = \"acme\"\nbase_url = \"{url}\"\ntokens_url = \"{url}\"\n\
         key = \"{key}\"\n{}\nfiles = {files}\npoll_seconds = 600\n",
        second.unwrap_or_default()
    )
}

/// What is expected of a verification: its state, and the code of its reason.
fn expected(conversation: &Conversation) -> (&'static str, Option<String>) {
    let expected = &conversation.expected;
    if let Some(fault) = expected["fault"].as_str() {
        let code = match fault.split('(').next().unwrap() {
            "AnotherUser" | "AnotherCase" => "another_user",
            "NotAPerson" => "not_a_person",
            _ => "answer_unusable",
        };
        return ("halted", Some(code.to_owned()));
    }
    let why = expected["why"].as_str().map(str::to_owned);
    match expected["is"].as_str().unwrap() {
        "approved" => {
            let refusals = expected["refusals"]["v2"].as_array();
            let is_refused = refusals.is_some_and(|refusals| !refusals.is_empty());
            if is_refused { ("halted", Some("not_in_schema".to_owned())) } else { ("issued", None) }
        }
        "declined" => ("declined", why),
        "not_yet" => ("pending", None),
        over => ("ended", Some(over.to_owned())),
    }
}

/// One after the other: they are all about the same case of the vendor's.
async fn play(door: &Door, vendor: &Vendor, recorded: &Recorded, user: Uuid) -> usize {
    let name = recorded.vendor.name();
    let file = if name == "complycube" {
        json!({ "data": STANDARD.encode(picture()) }).to_string().into_bytes()
    } else {
        picture()
    };
    vendor.shared.lock().unwrap().otherwise = Some(file);
    let mut played = 0;
    let of_other_accounts =
        recorded.list("conversations").into_iter().filter(|one| !one["account"].is_null());
    let of_other_accounts: Vec<_> = of_other_accounts.map(|one| one["name"].clone()).collect();
    for conversation in recorded.conversations() {
        if of_other_accounts.contains(&json!(conversation.name)) {
            continue;
        }
        let what = format!("{name}: {}", conversation.name);
        let scope = conversation.case.scope.as_ref().map(identity_vendors::CaseId::as_str);
        let mut case = json!({ "id": conversation.case.id.as_str() });
        if let Some(scope) = scope {
            case["scope"] = json!(scope);
        }
        let opening = json!({ "source": name, "delivery": inserter(), "userId": user, "case": case });
        let opened = door.make("/v1/verifications", &opening).send().await.expect(202).json();
        let known = conversation.case.reference.as_ref().map_or("u1", identity_vendors::Reference::as_str);
        let ours = opened["externalId"].to_string();
        {
            let mut shared = vendor.shared.lock().unwrap();
            shared.answers.clear();
            for (asked, answer) in &conversation.answers {
                let answer = answer.to_string().replace(&format!("\"{known}\""), &ours);
                shared.answers.insert(asked.clone(), (200, Vec::new(), answer.into_bytes()));
            }
        }
        let path = format!("/v1/verifications/{}", opened["id"].as_str().unwrap());
        door.post(format!("{path}/resume"), &json!({})).send().await.expect(202);
        let (state, code) = expected(&conversation);
        let over = until(door, &opened, |shown| {
            !["opened", "approved"].contains(&shown["state"].as_str().unwrap())
                || shown.get("reason").is_some()
        })
        .await;
        assert_eq!(over["state"], state, "{what}: {over:#}");
        assert_eq!(over["reason"]["code"].as_str(), code.as_deref(), "{what}: {over:#}");
        if state == "pending" {
            assert_eq!(over["waitsFor"], conversation.expected["why"], "{what}");
        }
        if code.as_deref() == Some("not_in_schema") {
            let obstacles = over["reason"]["obstacles"].as_array().unwrap().iter();
            let obstacles: Vec<_> = obstacles
                .map(|one| format!("{} {}", one["code"].as_str().unwrap(), one["field"].as_str().unwrap()))
                .collect();
            assert_eq!(json!(obstacles), conversation.expected["refusals"]["v2"], "{what}");
        }
        if state == "issued" {
            let issuance = format!("/v1/issuances/{}", over["issuance"]["id"].as_str().unwrap());
            let shown = door.get(&issuance).send().await.expect(200).json();
            let level = &conversation.expected["claims"]["level"];
            assert!(level.is_null() || shown["level"] == *level, "{what}: {shown:#}");
            door.delete(issuance).send().await.expect(200);
        } else {
            door.delete(path).send().await.expect(200);
        }
        played += 1;
    }
    played
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_case_becomes_what_it_should() {
    let folder = Folder::new();
    let mut stage = Stage::with(Backend::Sqlite, 2, DevNodeConfig::default()).await;
    stage.settings = "[http]\nrequests_per_second = 1000\n".to_owned();
    let mut vendors = Vec::new();
    for recorded in all() {
        let vendor = Vendor::start().await;
        stage.settings.push_str(&section(&recorded, &vendor.url, &folder));
        stage.files_of_vendors.push((recorded.vendor.name().to_owned(), vendor.url.parse().unwrap()));
        vendors.push((recorded, vendor));
    }
    let door = Door::on(stage).await.working();
    let user = door.user(WalletType::Evm).await.id;
    let played = vendors.iter().map(|(recorded, vendor)| play(&door, vendor, recorded, user));
    let played: usize = futures_util::future::join_all(played).await.into_iter().sum();
    assert!(played > 250, "{played}");
    door.close().await;
}
