//! Write grants.

use idos_client::actions::View as _;
use idos_client::encoding::ActionCall;
use idos_client::{GrantParties, GrantTime, WriteGrant};
use uuid::Uuid;

use crate::input::lines;

/// Write grants as they come from users. Lines: id, lock, first moment, last moment, grantee, issuer's key, owner.
///
/// A moment has one text, a window is never empty, and the node is asked for the text of exactly this grant.
pub fn write_grant(data: &[u8]) {
    let Some([id, lock, from, to, grantee, issuer_public_key, owner]) = lines(data) else { return };
    let times = [lock, from, to].map(|text| {
        let time = text.parse::<GrantTime>();
        if let Ok(time) = &time {
            assert_eq!(time.as_str(), text);
            assert_eq!(GrantTime::from_unix(time.unix()).as_ref(), Ok(time));
        }
        time
    });
    let ([Ok(lock), Ok(from), Ok(to)], Ok(id)) = (times, id.parse::<Uuid>()) else { return };

    let parties = GrantParties {
        owner: owner.to_owned(),
        grantee: grantee.to_owned(),
        issuer_public_key: issuer_public_key.to_owned(),
    };
    let (first, last) = (from.unix(), to.unix());
    let grant = WriteGrant::new(id, parties, lock, from, to);
    assert_eq!(grant.is_ok(), first < last);
    let Ok(grant) = grant else { return };

    assert_eq!(
        grant.access_grant_id(id),
        idos_client::access_grant_id(grantee, id, grant.access_grant_timelock.unix())
    );

    let view = grant.message();
    let call = ActionCall::new("dwg_message", view.arguments());
    let payload = call.encode().expect("it is short");
    let decoded = ActionCall::decode(&payload).expect("it was encoded");
    assert_eq!(decoded, call);
    let texts: Vec<_> = decoded.arguments.iter().filter_map(|value| value.as_text()).collect();
    assert!([owner, grantee, issuer_public_key].iter().all(|text| texts.contains(text)));
}
