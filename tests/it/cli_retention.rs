//! The commands that say what is kept.

use idos_issuer::model::retention::KINDS;
use serde_json::{Value, json};

use crate::cli_admin::tamper;
use crate::cli_deployment::Deployment;
use crate::support::{stderr, stdout};

on_both_databases! {
    async fn the_report_says_what_is_past_its_time(backend) {
        let deployment = Deployment::migrated_on(backend).await;
        let report = deployment.good_json(&["retention", "report", "--json"]);
        assert_eq!((&report["phase"], &report["overdue"]), (&json!("none"), &json!(0)));
        let kinds = report["kinds"].as_array().unwrap();
        assert_eq!(kinds.len(), KINDS.len());
        assert!(deployment.good(&["retention", "report"]).starts_with("phase none: "));

        // Of an event, a webhook of a vendor's and a record that the sweep should have seen to long ago.
        for statement in [
            "INSERT INTO event (id, client, kind, subject, body, created_at) VALUES ('evt_1', 'acme', 'k', 's', '{}', 1000)",
            "INSERT INTO vendor_event (id, event, received_at) VALUES ('checks/1', 'approved', 1000)",
            "INSERT INTO wallet_link (id, client, state, in_profile, for_credential, attempts, expires_at, created_at, updated_at) \
             VALUES ('lnk_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'acme', 'expired', 1, 0, 0, 1, 1, 1)",
        ] {
            tamper(&deployment, statement).await;
        }
        let output = deployment.run(&["retention", "report", "--json"]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(report["overdue"], 3);
        for (place, oldest) in [
            ("event", json!("1970-01-01T00:00:01.000Z")),
            ("vendor_event", json!("1970-01-01T00:00:01.000Z")),
            ("wallet_link", json!("2016-07-30T23:54:10.259Z")),
        ] {
            let kind = report["kinds"].as_array().unwrap().iter().find(|kind| kind["place"] == place).unwrap();
            assert_eq!((&kind["rows"], &kind["overdue"], &kind["oldest"]), (&json!(1), &json!(1), &oldest), "{place}");
        }
        let output = deployment.run(&["retention", "report"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains("PAST THEIR TIME: 1"), "{}", stdout(&output));
        assert!(stderr(&output).contains("sweep"), "{}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_record_is_that_of_the_configuration() {
    let deployment = Deployment::new().await;
    deployment.configure(
        "[controller]\nname = \"Example KYC Ltd\"\n[retention]\nphase = \"safety_net\"\nsafety_net_until = \"2099-01-01\"\n",
    );
    let text = deployment.good(&["retention", "record"]);
    assert!(
        text.starts_with("# Record of processing activities") && text.contains("Example KYC Ltd"),
        "{text}"
    );
    let record = deployment.good_json(&["retention", "record", "--format", "json"]);
    assert_eq!(record["controller"][0], json!({ "name": "Name", "text": "Example KYC Ltd" }));
    assert_eq!(record["timeLimits"].as_array().unwrap().len(), KINDS.len());
    assert!(record["safetyNet"].as_str().unwrap().contains("until 2099-01-01"), "{record}");
    for words in [["retention", "record", "--format", "Xyzzy"].as_slice(), &["retention", "nothing"]] {
        assert_eq!(deployment.run(words).status.code(), Some(2));
    }
}
