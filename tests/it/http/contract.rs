//! `openapi.yaml` and the service are equal.

use std::collections::BTreeSet;

use idos_issuer::http::problem::Code;
use idos_issuer::http::{Guard, MEMBERS, PAGE_MEMBERS, ROUTES};
use idos_issuer::model::attribute::Sensitive;
use idos_issuer::model::audit::AuditAction;
use idos_issuer::model::case;
use idos_issuer::model::claim;
use idos_issuer::model::client::Scope;
use idos_issuer::model::event::EventKind;
use idos_issuer::model::evidence;
use idos_issuer::model::issuance::{Confirmation, Delivery, HaltCode, Kind, State};
use idos_issuer::model::kyc_version::KycVersions;
use idos_issuer::model::notices::{NoticeCode, NoticeState};
use idos_issuer::model::profile::{PasswordStore, ProfileState};
use idos_issuer::model::validity::Risk;
use idos_issuer::model::verification;
use idos_issuer::model::wallet_link::LinkState;
use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::door::{Door, Form, jpeg};
use super::spec::SPEC;
use crate::support::service::Backend;

#[test]
fn routes_methods_and_scopes_are_those_of_the_file() {
    let table: BTreeSet<_> = ROUTES
        .iter()
        .map(|route| {
            let scope = match route.guard {
                Guard::Open | Guard::Source | Guard::Consumer => None,
                Guard::Scope(scope) => Some(scope.as_str()),
                Guard::Console | Guard::Staff(_) | Guard::StaffOfAll(_) => {
                    panic!("{} is the API's", route.path)
                }
            };
            (route.path, route.method.to_owned(), scope)
        })
        .collect();
    let file: BTreeSet<_> = SPEC
        .operations()
        .map(|operation| {
            let scope = operation.value["x-scope"].as_str();
            let of_consumer = ROUTES.iter().any(|route| {
                let is_it = (route.path, route.method) == (operation.path, operation.method.as_str());
                is_it && route.guard == Guard::Consumer
            });
            let security = match (scope, of_consumer) {
                (Some(_), _) => json!([{ "apiKey": [] }]),
                (None, true) => json!([{ "consumerToken": [] }]),
                (None, false) => json!([]),
            };
            assert_eq!(operation.value["security"], security, "{}", operation.path);
            (operation.path, operation.method, scope)
        })
        .collect();
    assert_eq!(table, file);
    let signed: Vec<_> =
        ROUTES.iter().filter(|route| route.guard == Guard::Source).map(|it| it.path).collect();
    let file: Vec<_> =
        SPEC.operations().filter(|it| it.value["x-signed"] == true).map(|it| it.path).collect();
    assert_eq!(signed, file);
    for scope in Scope::ALL {
        assert!(ROUTES.iter().any(|route| route.guard == Guard::Scope(*scope)), "{scope} opens nothing");
    }
}

#[test]
fn names_are_those_of_the_model() {
    fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> Vec<&'static str> {
        all.iter().map(|one| name(*one)).collect()
    }
    assert_eq!(SPEC.names("State"), names(State::ALL, State::as_str));
    assert_eq!(SPEC.names("ProfileState"), names(ProfileState::ALL, ProfileState::as_str));
    assert_eq!(SPEC.names("LinkState"), names(LinkState::ALL, LinkState::as_str));
    assert_eq!(SPEC.names("Kind"), names(Kind::ISSUED, Kind::as_str));
    assert_eq!(SPEC.names("Delivery"), names(Delivery::ALL, Delivery::as_str));
    assert_eq!(SPEC.names("HaltCode"), names(HaltCode::ALL, HaltCode::as_str));
    assert_eq!(SPEC.names("Confirmation"), names(Confirmation::ALL, Confirmation::as_str));
    assert_eq!(SPEC.names("ClaimState"), names(claim::State::ALL, claim::State::as_str));
    assert_eq!(SPEC.names("EventType"), names(EventKind::ALL, EventKind::as_str));
    assert_eq!(SPEC.names("VerificationState"), names(verification::State::ALL, verification::State::as_str));
    assert_eq!(
        SPEC.names("VerificationReason"),
        names(verification::Reason::ALL, verification::Reason::as_str)
    );
    assert_eq!(SPEC.names("WaitsFor"), names(verification::WaitsFor::ALL, verification::WaitsFor::as_str));
    assert_eq!(SPEC.names("CaseState"), names(case::CaseState::ALL, case::CaseState::as_str));
    assert_eq!(SPEC.names("CaseOrigin"), names(case::CaseOrigin::ALL, case::CaseOrigin::as_str));
    assert_eq!(SPEC.names("CaseIdentity"), names(case::Identity::ALL, case::Identity::as_str));
    assert_eq!(
        SPEC.names("ExtensionReason"),
        names(case::ExtensionReason::ALL, case::ExtensionReason::as_str)
    );
    assert_eq!(SPEC.names("Grounds"), names(case::Grounds::ALL, case::Grounds::as_str));
    assert_eq!(SPEC.names("RecordKind"), names(case::RecordKind::ALL, case::RecordKind::as_str));
    assert_eq!(SPEC.names("Act"), names(AuditAction::ALL, AuditAction::as_str));
    assert_eq!(SPEC.names("NoticeState"), names(NoticeState::ALL, NoticeState::as_str));
    assert_eq!(SPEC.names("NoticeCode"), names(NoticeCode::ALL, NoticeCode::as_str));
    assert_eq!(SPEC.names("Risk"), names(Risk::ALL, Risk::as_str));
    assert_eq!(SPEC.names("PasswordStore"), names(PasswordStore::ALL, PasswordStore::as_str));
    assert_eq!(SPEC.names("Sensitive"), names(Sensitive::ALL, Sensitive::as_str));
    assert_eq!(SPEC.names("WalletType"), names(&WalletType::ALL, WalletType::as_str));
    let described = SPEC.schema("State")["description"].as_str().unwrap();
    assert!(State::ALL.iter().all(|state| described.contains(state.as_str())));
}

#[test]
fn problems_are_those_of_the_table() {
    let types = SPEC.schema("Problem")["properties"]["type"]["enum"].as_array().unwrap();
    let table: Vec<_> =
        Code::ALL.iter().map(|code| json!(format!("urn:idos-issuer:problem:{code}"))).collect();
    assert_eq!(*types, table);
    // Each stands where its status is answered.
    let mut used = BTreeSet::new();
    let responses = SPEC.root["components"]["responses"].as_object().unwrap();
    let statuses = SPEC.operations().flat_map(|operation| {
        operation.value["responses"].as_object().unwrap().iter().filter_map(|(status, response)| {
            Some((status.parse::<u16>().unwrap(), response["$ref"].as_str()?.rsplit('/').next()?.to_owned()))
        })
    });
    for (status, name) in statuses.chain([(405, "MethodNotAllowed".to_owned())]) {
        let schema = &responses[&name]["content"]["application/problem+json"]["schema"];
        for urn in schema["allOf"][1]["properties"]["type"]["enum"].as_array().unwrap() {
            let code: Code = urn.as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
            assert_eq!(code.status().as_u16(), status, "{name}");
            used.insert(code);
        }
    }
    assert_eq!(used.len(), Code::ALL.len(), "{used:?}");
}

#[test]
fn members_are_those_that_the_readers_take() {
    let properties = |name: &str| -> BTreeSet<String> {
        let schema = SPEC.schema(name);
        assert_eq!(schema["additionalProperties"], false, "{name}");
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    };
    for (schema, members) in MEMBERS.iter().chain(PAGE_MEMBERS) {
        assert_eq!(properties(schema), members.iter().map(|name| (*name).to_owned()).collect(), "{schema}");
    }
    // What can be asked for is what the reader takes.
    let asked: Vec<_> = KycVersions::names().collect();
    assert_eq!(SPEC.names("KindAsked"), asked);
    // The schemas of evidence stand in the order of the kinds.
    let referred =
        |schema: &Value| schema["$ref"].as_str().map(|at| at.rsplit('/').next().unwrap().to_owned());
    let evidence = SPEC.schema("Submission")["properties"]["evidence"]["anyOf"].as_array().unwrap();
    assert_eq!(evidence.len(), Kind::ISSUED.len());
    assert_eq!(referred(evidence.last().unwrap()).unwrap(), "LinkedWalletsEvidence");
    for (kind, schema) in Kind::GIVEN.iter().zip(evidence) {
        let name = referred(schema).unwrap();
        let own: BTreeSet<_> = evidence::members(*kind).into_iter().map(str::to_owned).collect();
        assert_eq!(properties(&name), own, "{name}");
        let subject = referred(&SPEC.schema(&name)["properties"]["subject"]).unwrap();
        let mut members = BTreeSet::new();
        for (member, schema) in SPEC.schema(&subject)["properties"].as_object().unwrap() {
            match referred(schema) {
                Some(inner) if SPEC.schema(&inner)["properties"].is_object() => {
                    members.extend(properties(&inner).iter().map(|name| format!("{member}.{name}")));
                }
                _ => assert!(members.insert(member.clone())),
            }
        }
        assert_eq!(SPEC.schema(&subject)["additionalProperties"], false, "{subject}");
        assert_eq!(members, kind.members().collect(), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_accepted() {
    let door = Door::with(Backend::Sqlite, "[http]\npublic_url = \"https://issuer.example\"\n").await;
    let mut sent = 0;
    for operation in SPEC.operations() {
        let Some(body) = operation.value.get("requestBody") else { continue };
        for (media, content) in body["content"].as_object().unwrap() {
            for (name, example) in content["examples"].as_object().expect("every body has an example") {
                let (value, schema) = (&example["value"], content["schema"]["$ref"].as_str().unwrap());
                SPEC.hold(&schema[1..], value).unwrap_or_else(|e| panic!("{} {name}: {e}", operation.path));
                let path = operation.path.replace("{id}", "iss_01ARZ3NDEKTSV4RRFFQ69G5FAV");
                let path = path.replace("{token}", &"A".repeat(43));
                let call = match media.as_str() {
                    "application/json" if operation.method != "POST" => {
                        door.call(&operation.method, &path).body(media, value.to_string())
                    }
                    "application/json" => door.make(&path, value),
                    "application/x-ndjson" => door.make(&path, value).body(media, value.to_string()),
                    "application/x-www-form-urlencoded" => {
                        door.make(&path, value).body(media, "List-Unsubscribe=One-Click")
                    }
                    _ => door.make(&path, value).body("multipart/form-data; boundary=x", form(value)),
                };
                let answer = call.header("Sec-Fetch-Site", "same-origin").send().await;
                let fine = match operation.value["operationId"].as_str().unwrap() {
                    // The example's links are nobody's.
                    "submitIssuance" if name == "walletLinkage" => {
                        assert_eq!(answer.pointers(), ["/evidence/links/0", "/evidence/links/1"], "{answer:?}");
                        422
                    }
                    // The example's signature is nobody's, and its issuer's key is not this one's.
                    "checkWriteGrant" => {
                        let pointers = answer.pointers();
                        assert_eq!(pointers, ["/grant/issuerPublicKey", "/grant/notAfter"], "{answer:?}");
                        422
                    }
                    "resumeIssuance"
                    | "revokeIssuance"
                    | "replayEvent"
                    | "resumeProfile"
                    | "resumeWallet"
                    | "resumeAttribute"
                    | "resumeVerification"
                    | "redeemRenewal"
                    | "unsubscribe"
                    | "proveVerification"
                    | "changeContact"
                    | "keepOn"
                    | "restoreIssuance"
                    | "proveWalletLink"
                    | "vouchForIdentity"
                    | "sendMailOfCase"
                    | "offerTextOfCase"
                    | "identifyByWallet"
                    | "decideErasureCase"
                    | "approveErasureCase"
                    | "extendErasureCase"
                    | "refuseErasureCase"
                    | "withdrawErasureCase"
                    | "seeClaimOfPage"
                    | "connectWallet"
                    | "signInByWallet"
                    | "createProfileByWallet"
                    | "offerGrantToWallet"
                    | "takeGrantOfWallet"
                    // No relay is enabled.
                    | "registerConsumer"
                    | "shareToken"
                    | "startByConsumer"
                    // There is no page for people.
                    | "askForLinkToOwnPage"
                    | "openOwnPage"
                    | "connectWalletToOwnPage"
                    | "openOwnPageByWallet"
                    | "exportOwnData"
                    | "switchReminders"
                    | "chooseLanguageOfMails"
                    | "endSafetyNet"
                    | "askToErase"
                    | "leaveOwnPage" => 404,
                    // No source is configured.
                    "openVerification" => {
                        assert_eq!(answer.pointers(), ["/source"], "{answer:?}");
                        422
                    }
                    // The example's user has no profile here, or not yet.
                    "writeAttribute" => {
                        assert_eq!(answer.pointers(), ["/userId"], "{answer:?}");
                        answer.status
                    }
                    _ => 200,
                };
                let is_fine = answer.status == fine || (fine == 200 && [201, 202].contains(&answer.status));
                assert!(is_fine, "{name}: {answer:?}");
                sent += 1;
            }
        }
    }
    assert!(sent >= 12, "{sent}");
    door.close().await;
}

/// A multipart example as it is sent.
fn form(value: &Value) -> Vec<u8> {
    let parts = value.as_object().unwrap();
    if let Some(value) = parts.get("List-Unsubscribe") {
        return Form::new("x").part("List-Unsubscribe", "text/plain", value.as_str().unwrap()).end();
    }
    let mut form = Form::new("x").part("submission", "application/json", parts["submission"].to_string());
    for (name, content) in parts.iter().filter(|(name, _)| *name != "submission") {
        assert_eq!(content, "(the bytes of an image)");
        form = form.part(name, "application/octet-stream", jpeg("an image"));
    }
    form.end()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_served() {
    let door = Door::with(Backend::Sqlite, "").await;
    let answer = door.get("/openapi.yaml").without("Authorization").send().await.expect(200);
    assert_eq!(serde_yaml_ng::from_slice::<Value>(&answer.body).unwrap(), SPEC.root);
    door.close().await;
}
