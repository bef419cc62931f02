//! Vendors that are down, slow, or answer something else than was asked for; and photos as phones make them. Nothing of it becomes a
//! credential that should not, and nothing is lost that may still come.

use std::time::Duration;

use idos_wallet::WalletType;
use image::ImageFormat;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::door::{Door, inserter};
use super::fitting::pictures::{SECRET, has, jpeg, jpeg_with, photo, png_chunk};
use super::fitting::{file_of, phone_photo};
use super::verifications::{
    APPLICANT, Harm, Vendor, approve, event, green, one, open, picture, recorded, sumsub, sumsub_at, tell,
    until,
};
use crate::support::service::Backend;
use crate::support::{Folder, owned};

const DECIDED: &str = "2026-01-02 03:04:05+0000";
const TOLD: &str = "2026-01-02 03:04:06.000";

/// What is asked, the status and the body that come, the code of the reason then, and what is in the way: code and field.
type Bad = (String, u16, Vec<u8>, &'static str, Option<(&'static str, &'static str)>);

fn images() -> String {
    format!("GET /resources/applicants/{APPLICANT}/metadata/resources")
}

/// The file of an image: 1001 is the front, 1003 the back, 1005 the selfie.
fn image(number: u32) -> String {
    format!("GET /resources/inspections/68a7d46b8a6f58bf219053c7/resources/{number}")
}

/// Somebody whom the vendor approves, and has told of.
async fn approved(door: &Door, vendor: &Vendor, harm: impl FnOnce(&Vendor)) -> Value {
    let user = door.user(WalletType::Evm).await;
    let opened = open(door, Some(user.id), inserter()).await;
    approve(vendor, &opened["externalId"], DECIDED);
    harm(vendor);
    tell(door, &green(&opened["externalId"], TOLD)).await.expect(200);
    opened
}

on_both_databases! {
    async fn photos_of_five_megabytes_each_become_a_credential_by_themselves(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let opened = open(&door, Some(user.id), inserter()).await;
        approve(&vendor, &opened["externalId"], DECIDED);
        let (upright, on_its_side) = (phone_photo(1), phone_photo(6));
        let came = [(1001, &upright, "idDocumentFrontFile"), (1003, &on_its_side, "idDocumentBackFile"), (1005, &on_its_side, "selfieFile")];
        for (number, file, _) in came {
            vendor.says(&image(number), 200, file.clone());
        }
        tell(&door, &green(&opened["externalId"], TOLD)).await.expect(200);
        let issued = until(&door, &opened, |shown| shown["state"] == "issued").await;
        let issuance = format!("/v1/issuances/{}", issued["issuance"]["id"].as_str().unwrap());
        let shown = door.get(&issuance).send().await.expect(200).json();
        let id = shown["credentialId"].as_str().unwrap().parse().unwrap();
        let text = owned(door.app.idos().await.unwrap(), &user, id).await.unwrap();
        let credential: Value = serde_json::from_slice(&text).unwrap();
        let mut all = 0;
        for ((_, before, member), size) in came.into_iter().zip(shown["files"].as_array().unwrap()) {
            let file = file_of(&credential["credentialSubject"], member);
            let there = image::load_from_memory_with_format(&file, ImageFormat::Jpeg).unwrap();
            assert_eq!(*size, json!({ "field": member, "bytesBefore": before.len(), "bytesAfter": file.len(),
                "width": there.width(), "height": there.height() }), "sizes and nothing else");
            assert_eq!(there.height() > there.width(), member != "idDocumentFrontFile", "upright: {size}");
            assert!(!has(&file, SECRET) && !has(&file, b"Exif"), "{member}");
            all += file.len();
        }
        assert!((1_800_000..2_500_000).contains(&all), "the room is used: {all}");
        door.close().await;
    }

    /// Each is asked again by itself, and in the end there is one credential.
    async fn what_may_pass_is_waited_out(backend) {
        let (door, vendor, _folder) = sumsub(backend, "timeout = 1").await;
        let late = || Harm::Late(Duration::from_secs(3));
        let cases = [
            (one(), late()), (images(), late()), (image(1003), late()), (one(), Harm::BreakOff), (image(1001), Harm::BreakOff),
        ];
        for (number, (what, harm)) in cases.into_iter().enumerate() {
            let opened = approved(&door, &vendor, |vendor| vendor.harm(&what, harm.clone())).await;
            let waiting = until(&door, &opened, |shown| shown["reason"]["code"] == "vendor_unavailable").await;
            assert_eq!(waiting["state"], "opened", "{what} {harm:?}: {waiting:#}");
            vendor.shared.lock().unwrap().harms.clear();
            let issued = until(&door, &opened, |shown| shown["state"] == "issued").await;
            assert!(issued.get("reason").is_none(), "{issued:#}");
            assert_eq!(door.stage.node.counts().await.unwrap().credentials, i64::try_from(number + 1).unwrap());
            // The case is somebody else's next time.
            door.delete(format!("/v1/issuances/{}", issued["issuance"]["id"].as_str().unwrap())).send().await.expect(200);
        }
        // A web page is what stands before a vendor.
        let page = "<!DOCTYPE html><html><body>Xyzzy</body></html>";
        for (what, status, code) in [
            (one(), 500, "vendor_unavailable"), (images(), 503, "vendor_unavailable"), (one(), 200, "vendor_unavailable"),
            (images(), 200, "vendor_unavailable"), (one(), 401, "key_refused"), (one(), 403, "key_refused"),
        ] {
            let opened = approved(&door, &vendor, |vendor| vendor.says(&what, status, page)).await;
            let waiting = until(&door, &opened, |shown| shown["reason"]["code"] == code).await;
            assert_eq!(waiting["state"], "opened", "{status}");
            assert!(!waiting.to_string().contains("Xyzzy"));
            door.delete(format!("/v1/verifications/{}", opened["id"].as_str().unwrap())).send().await.expect(200);
        }
        door.close().await;
    }

    /// Nobody is there, and then somebody is.
    async fn a_vendor_that_is_down_is_asked_when_it_is_back(backend) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let (stage, _folder): (_, Folder) = sumsub_at(backend, &format!("http://{address}"), "").await;
        let door = Door::on(stage).await.working();
        let user = door.user(WalletType::Evm).await;
        let opened = open(&door, Some(user.id), inserter()).await;
        tell(&door, &green(&opened["externalId"], TOLD)).await.expect(200);
        let waiting = until(&door, &opened, |shown| shown["reason"]["code"] == "vendor_unavailable").await;
        assert_eq!(waiting["state"], "opened");
        let vendor = Vendor::on(TcpListener::bind(address).await.unwrap());
        approve(&vendor, &opened["externalId"], DECIDED);
        until(&door, &opened, |shown| shown["state"] == "issued").await;
        door.close().await;
    }

    /// A person has to see to each; and when the vendor has mended it, resuming is all that it takes.
    async fn what_cannot_be_used_halts_and_says_which(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let page = b"<!DOCTYPE html><html><body>Xyzzy</body></html>".to_vec();
        let another = |change: fn(&mut Value)| {
            let mut applicant = recorded("sumsub", "applicant.json");
            change(&mut applicant);
            applicant.to_string().into_bytes()
        };
        let fine = jpeg(&photo(300, 200, 10), 90);
        let cut = fine[..fine.len() / 2].to_vec();
        // A header of 60000 pixels each way, and nothing behind it.
        let bomb = {
            let sides = 60_000_u32.to_be_bytes();
            let header = [&sides[..], &sides, &[8, 2, 0, 0, 0]].concat();
            let chunks = [png_chunk(*b"IHDR", &header), png_chunk(*b"IDAT", b"x\xda\x03\0\0\0\0\x01"), png_chunk(*b"IEND", b"")];
            [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
        };
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heicXyzzy".to_vec();
        let too_large = [b"\xff\xd8\xff".to_vec(), vec![0; 17 * 1024 * 1024]].concat();
        let cases: [Bad; 15] = [
            (one(), 302, page.clone(), "answer_unusable", None),
            (one(), 400, page.clone(), "answer_unusable", None),
            (one(), 404, page.clone(), "case_unknown", None),
            (one(), 200, another(|it| it["id"] = json!("Xyzzy")), "another_user", Some(("another_user", "id"))),
            (one(), 200, vec![b' '; 9 * 1024 * 1024], "answer_unusable", None),
            (images(), 307, page.clone(), "answer_unusable", None),
            (image(1001), 200, page.clone(), "file_unusable", Some(("file_unusable", "front"))),
            (image(1003), 200, b"GIF89aXyzzy".to_vec(), "file_unusable", Some(("file_unusable", "back"))),
            (image(1005), 302, page, "file_unusable", Some(("file_unusable", "selfie"))),
            (image(1005), 404, Vec::new(), "file_unusable", Some(("file_unusable", "selfie"))),
            (image(1005), 200, Vec::new(), "file_unusable", Some(("file_unusable", "selfie"))),
            (image(1001), 200, too_large, "file_unusable", Some(("file_unusable", "front"))),
            (image(1001), 200, cut, "file_unusable", Some(("damaged", "subject.idDocumentFrontFile"))),
            (image(1003), 200, bomb, "file_unusable", Some(("too_many_pixels", "subject.idDocumentBackFile"))),
            (image(1005), 200, heic, "file_unusable", Some(("heic", "subject.selfieFile"))),
        ];
        for (what, status, body, reason, obstacle) in cases {
            let opened = approved(&door, &vendor, |vendor| {
                let headers = vec![("location", format!("{}/Xyzzy", vendor.url))];
                vendor.shared.lock().unwrap().answers.insert(what.clone(), (status, headers, body));
            })
            .await;
            let halted = until(&door, &opened, |shown| shown["state"] == "halted" || shown["state"] == "issued").await;
            assert_eq!(halted["reason"]["code"], reason, "{what} {status}: {halted:#}");
            if let Some((code, field)) = obstacle {
                assert_eq!(halted["reason"]["obstacles"], json!([{ "code": code, "field": field }]), "{what} {status}");
            }
            assert!(!halted.to_string().contains("Xyzzy"), "{halted:#}");
            door.delete(format!("/v1/verifications/{}", opened["id"].as_str().unwrap())).send().await.expect(200);
        }
        assert!(!vendor.asked().iter().any(|asked| asked.contains("Xyzzy")), "nobody goes elsewhere");
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 0);

        let opened = approved(&door, &vendor, |vendor| vendor.harm(&image(1001), Harm::Endless)).await;
        until(&door, &opened, |shown| shown["reason"]["code"] == "file_unusable").await;
        vendor.shared.lock().unwrap().harms.clear();
        let resume = format!("/v1/verifications/{}/resume", opened["id"].as_str().unwrap());
        door.post(&resume, &json!({})).send().await.expect(202);
        until(&door, &opened, |shown| shown["state"] == "issued").await;
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 1);
        door.close().await;
    }

    /// Where files are not made to fit, what is too large for the network halts.
    async fn files_that_are_not_made_to_fit_halt_where_they_are_too_large(backend) {
        let (door, vendor, _folder) = sumsub(backend, "file_mode = \"refuse\"").await;
        let large = jpeg_with(&picture(), &[], &vec![0; 3_000_000]);
        let opened = approved(&door, &vendor, |vendor| vendor.says(&image(1001), 200, large)).await;
        let halted = until(&door, &opened, |shown| shown["state"] == "halted").await;
        assert_eq!(halted["reason"]["code"], "files_too_large");
        vendor.says(&image(1001), 200, picture());
        let resume = format!("/v1/verifications/{}/resume", opened["id"].as_str().unwrap());
        door.post(&resume, &json!({})).send().await.expect(202);
        let issued = until(&door, &opened, |shown| shown["state"] == "issued").await;
        let issuance = format!("/v1/issuances/{}", issued["issuance"]["id"].as_str().unwrap());
        assert_eq!(door.get(issuance).send().await.expect(200).json().get("files"), None, "they are as they came");
        door.close().await;
    }

    /// Who did what, from the opening to the end, by ids and codes.
    async fn it_is_written_down_who_did_what(backend) {
        let (door, vendor, _folder) = sumsub(backend, "on_reset = \"revoke\"").await;
        let user = door.user(WalletType::Evm).await;
        let trail = async |opened: &Value| -> Vec<(String, String, String)> {
            let entries = door.app.store.audit_of(opened["id"].as_str().unwrap()).await.unwrap();
            let who = |actor: String| actor.split(':').next().unwrap().to_owned();
            entries.into_iter().map(|entry| (who(entry.actor), entry.act, entry.detail)).collect()
        };
        let same = |trail: Vec<(String, String, String)>, expected: &[(&str, &str, &str)]| {
            let trail: Vec<_> = trail.iter().map(|(who, act, detail)| (who.as_str(), act.as_str(), detail.as_str())).collect();
            assert_eq!(trail, expected);
        };
        // Halted, brought on by the client, issued, taken back by the vendor; whose issuance is erased.
        let opened = open(&door, Some(user.id), inserter()).await;
        let reference = &opened["externalId"];
        approve(&vendor, reference, DECIDED);
        vendor.says(&image(1001), 200, "GIF89a");
        tell(&door, &event("applicantPending", reference, &json!({}))).await.expect(200);
        tell(&door, &green(reference, TOLD)).await.expect(200);
        until(&door, &opened, |shown| shown["state"] == "halted").await;
        vendor.says(&image(1001), 200, picture());
        let resume = format!("/v1/verifications/{}/resume", opened["id"].as_str().unwrap());
        door.post(&resume, &json!({})).send().await.expect(202);
        let issued = until(&door, &opened, |shown| shown["state"] == "issued").await;
        let issuance = issued["issuance"]["id"].as_str().unwrap();
        let reset = event("applicantReset", reference, &json!({ "createdAtMs": "2026-01-04 00:00:00.000" }));
        tell(&door, &reset).await.expect(200);
        until(&door, &opened, |shown| shown["state"] == "pending").await;
        same(trail(&opened).await, &[
            ("client", "verification_opened", "kyc"),
            ("source", "vendor_told", "approved"),
            ("source", "halted", "file_unusable"),
            ("client", "resumed", "file_unusable"),
            ("source", "verification_approved", issuance),
            ("service", "issued", issuance),
            ("source", "vendor_told", "reset"),
            ("source", "withdrawn", issuance),
        ]);

        // Declined: why, is not kept for ever.
        let opened = open(&door, Some(user.id), inserter()).await;
        let mut applicant = recorded("sumsub", "applicant.json");
        applicant["id"] = json!("another");
        applicant["externalUserId"] = opened["externalId"].clone();
        applicant["review"]["reviewResult"] =
            json!({ "reviewAnswer": "RED", "reviewRejectType": "FINAL", "rejectLabels": ["SANCTIONS"] });
        vendor.says("GET /resources/applicants/another/one", 200, applicant.to_string());
        let red = json!({ "reviewResult": { "reviewAnswer": "RED", "reviewRejectType": "FINAL" }, "applicantId": "another" });
        tell(&door, &event("applicantReviewed", &opened["externalId"], &red)).await.expect(200);
        until(&door, &opened, |shown| shown["state"] == "declined").await;
        same(trail(&opened).await, &[
            ("client", "verification_opened", "kyc"),
            ("source", "vendor_told", "declined"),
            ("source", "verification_declined", ""),
        ]);
        door.delete(format!("/v1/verifications/{}", opened["id"].as_str().unwrap())).send().await.expect(200);
        same(trail(&opened).await, &[]);
        crate::support::service::audit_holds(&door.app.store).await;
        door.close().await;
    }
}

/// A name of one part is a name, and a date of half is none: in either version of KYC.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_without_a_first_name_becomes_a_credential_of_either_version() {
    for version in ["", "[credentials]\nkyc_version = 3\n"] {
        let (door, vendor, _folder) = sumsub(Backend::Sqlite, version).await;
        let user = door.user(WalletType::Evm).await;
        let opened = open(&door, Some(user.id), inserter()).await;
        approve(&vendor, &opened["externalId"], DECIDED);
        let mut applicant = recorded("sumsub", "applicant.json");
        applicant["externalUserId"] = opened["externalId"].clone();
        let document = &mut applicant["info"]["idDocs"][0];
        (document["firstName"], document["firstNameEn"], document["lastNameEn"]) =
            (json!(null), json!("-"), json!("SUKARNO"));
        vendor.says(&one(), 200, applicant.to_string());
        tell(&door, &green(&opened["externalId"], TOLD)).await.expect(200);
        let issued =
            until(&door, &opened, |shown| shown["state"] == "issued" || shown["state"] == "halted").await;
        assert_eq!(issued["state"], "issued", "{version}: {issued:#}");
        let issuance = format!("/v1/issuances/{}", issued["issuance"]["id"].as_str().unwrap());
        let shown = door.get(&issuance).send().await.expect(200).json();
        let id = shown["credentialId"].as_str().unwrap().parse().unwrap();
        let text = owned(door.app.idos().await.unwrap(), &user, id).await.unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(
            text.contains("SUKARNO") && !text.contains("\"firstName\"") && !text.contains("FirstName\""),
            "{version}"
        );
        door.close().await;
    }
}
