//! The next schema: rows that name contents at the blob gateway.

use idos_client::Signer;
use idos_client::encoding::{ActionExecution, Value};
use idos_content_id::{ContentId, MAX_CONTENT};
use idos_wallet::{WalletKey, WalletType};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::support::{Grant, GrantedNames, Named, World, base64, id, named, null, signed_payload, wallet};

/// Makes a name a wrong one.
type Spoil = Box<dyn Fn(&mut Named)>;

async fn with_holder() -> (World, WalletKey) {
    let world = World::next().await;
    let key = wallet(WalletType::Evm, 3);
    world.user(id(1), &key).await;
    (world, key)
}

async fn granted(world: &World, key: &WalletKey, number: u128) -> GrantedNames {
    let grant = Grant::draft(world, key, number).signed_by(world, key).await;
    GrantedNames::new(world, grant, number)
}

/// The arguments of `create_preliminary_credential`.
fn own(request_id: Uuid, credential_id: Uuid, content: &Named) -> Vec<Value<'_>> {
    vec![
        request_id.into(),
        credential_id.into(),
        content.issuer_key.as_str().into(),
        content.encryptor_key.as_str().into(),
        content.uri.as_str().into(),
        content.size.into(),
        "a hash".into(),
        content.notes.as_str().into(),
        content.notes_signature.as_str().into(),
        content.broader_signature.as_str().into(),
    ]
}

/// The arguments of `share_preliminary_credential`, to the world's issuer.
fn shared<'a>(
    world: &World,
    request_id: Uuid,
    copy_id: Uuid,
    original_id: Uuid,
    copy: &'a Named,
) -> Vec<Value<'a>> {
    vec![
        request_id.into(),
        copy_id.into(),
        original_id.into(),
        copy.notes.as_str().into(),
        copy.notes_signature.as_str().into(),
        copy.broader_signature.as_str().into(),
        copy.uri.as_str().into(),
        copy.size.into(),
        "a hash".into(),
        copy.encryptor_key.as_str().into(),
        copy.issuer_key.as_str().into(),
        world.issuer.public_key_hex().into(),
        0_i64.into(),
    ]
}

#[tokio::test]
async fn rows_are_written_by_grant_then_brought_then_read_with_their_names() {
    let (world, key) = with_holder().await;
    let set = granted(&world, &key, 1).await;
    set.write(&world).await.succeeded();
    let answer = world.upload(set.request_id, &set.parts()).await;
    let expected = json!({
        "request_id": set.request_id, "original_cid": set.original.cid(), "copy_cid": set.copy.cid(), "quorum": 3
    });
    assert_eq!((answer.status, answer.json()), (200, expected));

    let (holder, issuer) = (Signer::Wallet(key), world.issuer());
    let (original, copy, grant) = (&set.original, &set.copy, &set.grant);
    let whole = |id: Uuid, notes: &str, content: &Named| {
        json!([
            id,
            self::id(1),
            notes,
            null,
            content.uri,
            content.size.to_string(),
            content.encryptor_key,
            content.issuer_key,
            "delegated_write_grant",
            grant.id,
        ])
    };
    assert_eq!(
        world.view(Some(&holder), "get_credential_owned", vec![grant.original_id.into()]).await,
        Ok(vec![whole(grant.original_id, &original.notes, original)])
    );
    assert_eq!(
        world.view(Some(&issuer), "get_credential_shared", vec![grant.copy_id.into()]).await,
        Ok(vec![whole(grant.copy_id, &original.notes, copy)])
    );
    let line = |id: Uuid, notes: &str, content: &Named, original_id: Option<Uuid>| {
        json!([
            id,
            self::id(1),
            notes,
            content.uri,
            content.size.to_string(),
            content.issuer_key,
            "delegated_write_grant",
            grant.id,
            original_id,
        ])
    };
    assert_eq!(
        world.view(Some(&holder), "get_credentials", vec![]).await,
        Ok(vec![
            line(grant.original_id, &original.notes, original, None),
            line(grant.copy_id, "", copy, Some(grant.original_id)),
        ])
    );
    assert_eq!(
        world.view(Some(&issuer), "get_credentials_shared_by_user", vec![id(1).into(), null()]).await,
        Ok(vec![json!([
            grant.copy_id,
            id(1),
            original.notes,
            copy.encryptor_key,
            copy.issuer_key,
            "delegated_write_grant",
            grant.id,
            grant.original_id,
        ])])
    );
    for content in [original, copy] {
        let answer = world.fetch(content.cid()).await;
        assert_eq!((answer.status, answer.body), (200, content.bytes.clone()));
    }
    let counts = world.node.counts().await.unwrap();
    assert_eq!((counts.credentials, counts.access_grants, counts.consumed_write_grants), (2, 1, 1));
}

#[tokio::test]
async fn names_are_checked_before_anything_else_and_signatures_are_over_them() {
    let (world, key) = with_holder().await;
    let right = granted(&world, &key, 1).await;
    let other_cid = |codec: u8| {
        let mut bytes = vec![1, codec, 0x12, 0x20];
        bytes.extend([7; 32]);
        let digits = data_encoding::BASE32_NOPAD.encode(&bytes).to_lowercase();
        format!("ipfs://b{digits}")
    };
    let unlike = "content_uri must be ipfs:// and a content identifier of version 1";
    let cases: Vec<(Spoil, &str)> = vec![
        (Box::new(|content: &mut Named| content.uri = content.cid().to_owned()), unlike),
        (Box::new(|content: &mut Named| content.uri = content.uri.to_uppercase()), unlike),
        (Box::new(|content: &mut Named| content.uri.push_str("/original.blob")), unlike),
        (Box::new(|content: &mut Named| content.uri.clear()), unlike),
        (Box::new(move |content: &mut Named| content.uri = other_cid(0x71)), unlike),
        (Box::new(|content: &mut Named| content.size = 0), "content_size must be from 1 to 20971520"),
        (Box::new(|content: &mut Named| content.size = -1), "content_size must be from 1 to 20971520"),
        (
            Box::new(|content: &mut Named| content.size = i64::try_from(MAX_CONTENT).unwrap() + 1),
            "content_size must be from 1 to 20971520",
        ),
    ];
    for (spoil, message) in cases {
        let mut set = right.clone();
        set.grant.signature = "0x00".to_owned(); // the names come first
        spoil(&mut set.copy);
        set.write(&world).await.failed(&format!("copy_{message}"));
        spoil(&mut set.original);
        set.write(&world).await.failed(&format!("original_{message}"));

        let holder = Signer::Wallet(key.clone());
        let mut content = named(&world.issuer, b"mine", "");
        content.notes_signature = "x".to_owned();
        spoil(&mut content);
        let arguments = own(id(700), id(701), &content);
        world.execute(&holder, "create_preliminary_credential", arguments).await.failed(message);
        let arguments = shared(&world, id(700), id(702), id(701), &content);
        world.execute(&holder, "share_preliminary_credential", arguments).await.failed(message);
    }

    // The old signature, over the bytes, holds no more; nor does one over another content's name.
    let issuer = &world.issuer;
    let over_bytes = crate::support::sealed(issuer, &right.copy.bytes, "").broader_signature;
    for wrong in [over_bytes, right.original.broader_signature.clone()] {
        let mut set = right.clone();
        set.copy.broader_signature = wrong;
        set.write(&world).await.failed("a copy credential signature is wrong");
    }
    let mut set = right.clone();
    set.original.uri = ContentId::of(b"another").unwrap().uri();
    set.write(&world).await.failed("an original credential signature is wrong");
    assert_eq!(world.node.counts().await.unwrap().credentials, 0);
    right.write(&world).await.succeeded();
}

/// All of it is wrong; each repair uncovers the next error. As with today's action.
#[tokio::test]
async fn the_grant_is_checked_as_today() {
    let (world, key) = with_holder().await;
    let right = granted(&world, &key, 1).await;
    let mut set = right.clone();
    set.original.issuer_key = "ab".repeat(32);
    set.grant.owner = wallet(WalletType::Evm, 66).address();
    set.grant.timelock = "soon".to_owned();
    set.grant.signature = "0x00".to_owned();
    set.write(&world).await.failed("credentials issuer must be an issuer of delegated write grant");
    set.original.issuer_key.clone_from(&right.original.issuer_key);
    set.write(&world).await.failed("dwg_owner not found");
    set.grant.owner.clone_from(&right.grant.owner);
    set.write(&world).await.failed("parse_date: the time must be of the form yyyy-mm-ddThh:mm:ssZ");
    set.grant.timelock.clone_from(&right.grant.timelock);
    set.write(&world).await.failed("verify owner failed");
    set.grant.signature.clone_from(&right.grant.signature);
    set.write(&world).await.succeeded();
}

#[tokio::test]
async fn an_id_is_used_once_whichever_it_is() {
    let (world, key) = with_holder().await;
    let first = granted(&world, &key, 1).await;
    first.write(&world).await.succeeded();
    let taken = |table: &str| {
        format!("duplicate key value violates unique constraint \"{table}_pkey\" (SQLSTATE 23505)")
    };
    // The same rows under another request, and another grant.
    let mut again = granted(&world, &key, 2).await;
    (again.grant.original_id, again.grant.copy_id) = (first.grant.original_id, first.grant.copy_id);
    again.write(&world).await.failed(&taken("credentials"));
    // The same request for other rows; the grant is not used up by what fails.
    let mut again = granted(&world, &key, 2).await;
    again.request_id = first.request_id;
    again.write(&world).await.failed(&taken("preliminary_requests"));
    again.request_id = id(999);
    again.write(&world).await.succeeded();
    // The same grant for other rows.
    let mut again = granted(&world, &key, 3).await;
    again.grant = Grant { original_id: id(997), copy_id: id(998), ..first.grant.clone() };
    again.write(&world).await.failed(&taken("consumed_write_grants"));
}

#[tokio::test]
async fn users_write_and_share_their_own() {
    let (world, key) = with_holder().await;
    let holder = Signer::Wallet(key);
    let original = named(&world.issuer, b"my own", r#"{"id":"vc"}"#);
    let execute =
        async |action: &str, arguments: Vec<Value<'_>>| world.execute(&holder, action, arguments).await;
    execute("create_preliminary_credential", own(id(700), id(701), &original)).await.succeeded();
    assert_eq!(world.upload(id(700), &[("original", &original.bytes)]).await.status, 200);

    let copy = named(&world.issuer, b"for the issuer", "");
    let with_notes = named(&world.issuer, b"for the issuer", "notes");
    let share =
        |request: u128, original: u128, copy| shared(&world, id(request), id(703), id(original), copy);
    execute("share_preliminary_credential", share(702, 999, &copy))
        .await
        .failed("original credential does not belong to the caller");
    execute("share_preliminary_credential", share(702, 701, &with_notes))
        .await
        .failed("shared credentials cannot have public_notes, it must be an empty string");
    execute("share_preliminary_credential", share(702, 701, &copy)).await.succeeded();
    let answer = world.upload(id(702), &[("copy", &copy.bytes)]).await;
    assert_eq!(answer.json(), json!({ "request_id": id(702), "copy_cid": copy.cid(), "quorum": 3 }));

    let row = |id: Uuid, content: &Named| {
        json!([
            id,
            self::id(1),
            original.notes,
            null,
            content.uri,
            content.size.to_string(),
            content.encryptor_key,
            content.issuer_key,
            null,
            null,
        ])
    };
    assert_eq!(
        world.view(Some(&holder), "get_credential_owned", vec![id(701).into()]).await,
        Ok(vec![row(id(701), &original)])
    );
    assert_eq!(
        world.view(Some(&world.issuer()), "get_credential_shared", vec![id(703).into()]).await,
        Ok(vec![row(id(703), &copy)])
    );
}

/// Other members of the kind "a name that is null": each is a name that is wrong.
#[tokio::test]
async fn nulls_and_other_types_are_refused() {
    let (world, key) = with_holder().await;
    let set = granted(&world, &key, 1).await;
    let issuer = world.issuer();
    for (position, replacement, message) in [
        (4, null(), "original_content_uri must be ipfs:// and a content identifier of version 1"),
        (5, Value::UntypedNull, "original_content_size must be from 1 to 20971520"),
        (11, null(), "copy_content_uri must be ipfs:// and a content identifier of version 1"),
        (12, Value::UntypedNull, "copy_content_size must be from 1 to 20971520"),
        (
            0,
            Value::UntypedNull,
            "null value in column \"id\" of relation \"preliminary_requests\" violates not-null constraint (SQLSTATE 23502)",
        ),
        (
            0,
            "text".into(),
            "type error: action \"create_preliminary_credentials_by_dwg\" expected argument 1 to be of type uuid, but got text",
        ),
        (
            5,
            "20".into(),
            "type error: action \"create_preliminary_credentials_by_dwg\" expected argument 6 to be of type int8, but got text",
        ),
        (
            12,
            Value::Numeric(idos_client::encoding::Numeric::new("1", 6, 2).unwrap()),
            "type error: action \"create_preliminary_credentials_by_dwg\" expected argument 13 to be of type int8, but \
             got numeric(6,2)",
        ),
    ] {
        let mut arguments = set.arguments();
        arguments[position] = replacement;
        let done = world.execute(&issuer, "create_preliminary_credentials_by_dwg", arguments).await;
        done.failed(message);
    }
}

/// How a client finds out what a node has: by a view call with no arguments, which changes nothing.
async fn has(world: &World, action: &str) -> bool {
    let error = world.view(None, action, vec![]).await.unwrap_err();
    if error == format!("-300: unknown action: action \"{action}\" does not exist in namespace \"main\"") {
        return false;
    }
    assert!(
        error.starts_with(&format!("-300: action invocation error: action \"{action}\" expected ")),
        "{error}"
    );
    true
}

const OLD: [&str; 7] = [
    "upsert_credential_as_inserter",
    "add_credential",
    "edit_credential",
    "share_credential",
    "create_credentials_by_dwg",
    "dag_message",
    "create_ag_by_dag_for_copy",
];
const NEW: [&str; 3] = [
    "create_preliminary_credentials_by_dwg",
    "create_preliminary_credential",
    "share_preliminary_credential",
];

#[tokio::test]
async fn a_client_can_see_which_actions_there_are() {
    for (schema, old, new) in [
        (idos_devnode::Schema::Current, true, false),
        (idos_devnode::Schema::Next, false, true),
        (idos_devnode::Schema::Transition, true, true),
    ] {
        let world = World::with(|config| config.schema = schema).await;
        for action in OLD {
            assert_eq!(has(&world, action).await, old, "{schema:?} {action}");
        }
        for action in NEW {
            assert_eq!(has(&world, action).await, new, "{schema:?} {action}");
        }
        // In transactions, too. The list of actions itself may not be read on either.
        let unknown = |action: &str| {
            format!("unknown action: action \"{action}\" does not exist in namespace \"main\"")
        };
        if !old {
            world.execute(&world.issuer(), OLD[0], vec![]).await.failed(&unknown(OLD[0]));
        }
        if !new {
            world.execute(&world.issuer(), NEW[0], vec![]).await.failed(&unknown(NEW[0]));
        }
        let query = json!({ "query": "SELECT name FROM info.actions", "params": {} });
        let refused: Json = world.rpc("user.query", query).await.unwrap_err();
        assert_eq!(refused["code"], -300);
    }
}

/// What the JavaScript client sends for the new actions, byte for byte; and the node reads it.
#[tokio::test]
async fn payloads_are_those_of_the_javascript_client() {
    let world = World::next().await;
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/next/payloads.json"));
    let vectors: Json = serde_json::from_str(text).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), NEW.len());
    for vector in vectors {
        let action = vector["action"].as_str().unwrap();
        let inputs = vector["inputs"].as_object().unwrap();
        let types = vector["types"].as_array().unwrap();
        // In the order of the file, which is that of the parameters; a map would not keep it.
        let given = text.split_once(&format!("\"action\": \"{action}\"")).unwrap().1;
        let mut names: Vec<&str> = inputs.keys().map(String::as_str).collect();
        names.sort_by_key(|name| given.find(&format!("\"{name}\":")).unwrap());
        let arguments =
            names.iter().zip(types).map(|(name, kind)| match (kind.as_str().unwrap(), &inputs[*name]) {
                ("uuid", Json::String(id)) => id.parse::<Uuid>().unwrap().into(),
                ("int8", number) => number.as_i64().unwrap().into(),
                (_, text) => Value::from(text.as_str().unwrap()),
            });
        let execution = ActionExecution { namespace: "main", action, calls: vec![arguments.collect()] };
        let payload = execution.encode().unwrap();
        assert_eq!(base64(&payload), vector["payload"].as_str().unwrap(), "{action}");

        let nonce = world.next_nonce(&world.issuer()).await;
        let tx = signed_payload(&world.issuer(), payload, nonce, world.node.chain_id());
        let answer = world.rpc("user.broadcast", json!({ "tx": tx, "sync": 1 })).await.unwrap();
        let log = answer["result"]["log"].as_str().unwrap();
        let refusals = [
            "credentials issuer must be an issuer",
            "signature is wrong",
            "original credential does not belong",
        ];
        assert!(refusals.iter().any(|refusal| log.contains(refusal)), "{log}");
    }
}
