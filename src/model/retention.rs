//! Every kind of row: what it is for, what it holds, how long it is kept and what forgets it.
//!
//! `docs/retention.md` has the same table, and `tests/it/service/retention.rs` compares both with the schema: a column that nobody has
//! thought about here fails it, as does one about a person that stays for ever.

use super::time::Timestamp;

/// A setting that says how long something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Signed credentials that are not sealed yet.
    UnsealedHours,
    /// Sealed ones that wait.
    SealedHours,
    /// What waits for a node that cannot be asked.
    OverdueHours,
    /// `Idempotency-Key`s.
    IdempotencyHours,
    /// Events.
    EventsHours,
    /// Webhooks of vendors.
    VendorEventsHours,
    /// Records, behind the end of what they are about.
    RecordsMonths,
    /// The choice when the safety net ends.
    ChoiceDays,
    /// Challenges of wallets.
    ChallengeMinutes,
    /// Links of reminders.
    LinkDays,
    /// Numbers of days.
    NumbersDays,
}

impl Setting {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::UnsealedHours,
        Self::SealedHours,
        Self::OverdueHours,
        Self::IdempotencyHours,
        Self::EventsHours,
        Self::VendorEventsHours,
        Self::RecordsMonths,
        Self::ChoiceDays,
        Self::ChallengeMinutes,
        Self::LinkDays,
        Self::NumbersDays,
    ];

    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnsealedHours => "retention.unsealed_hours",
            Self::SealedHours => "retention.sealed_hours",
            Self::OverdueHours => "retention.overdue_hours",
            Self::IdempotencyHours => "retention.idempotency_hours",
            Self::EventsHours => "retention.events_hours",
            Self::VendorEventsHours => "retention.vendor_events_hours",
            Self::RecordsMonths => "retention.records_months",
            Self::ChoiceDays => "retention.safety_net_choice_days",
            Self::ChallengeMinutes => "wallets.challenge_minutes",
            Self::LinkDays => "renewal.link_days",
            Self::NumbersDays => "retention.numbers_days",
        }
    }
}

/// What the settings say, each in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// Signed credentials that are not sealed yet.
    pub unsealed_hours: u32,
    /// Sealed ones that wait.
    pub sealed_hours: u32,
    /// What waits for a node that cannot be asked.
    pub overdue_hours: u32,
    /// `Idempotency-Key`s.
    pub idempotency_hours: u32,
    /// Events.
    pub events_hours: u32,
    /// Webhooks of vendors.
    pub vendor_events_hours: u32,
    /// Records, behind the end of what they are about.
    pub records_months: u32,
    /// The choice when the safety net ends.
    pub choice_days: u32,
    /// Challenges of wallets.
    pub challenge_minutes: u32,
    /// Links of reminders.
    pub link_days: u32,
    /// Numbers of days.
    pub numbers_days: u32,
}

impl Periods {
    /// What a setting says.
    #[must_use]
    pub fn of(&self, setting: Setting) -> u32 {
        match setting {
            Setting::UnsealedHours => self.unsealed_hours,
            Setting::SealedHours => self.sealed_hours,
            Setting::OverdueHours => self.overdue_hours,
            Setting::IdempotencyHours => self.idempotency_hours,
            Setting::EventsHours => self.events_hours,
            Setting::VendorEventsHours => self.vendor_events_hours,
            Setting::RecordsMonths => self.records_months,
            Setting::ChoiceDays => self.choice_days,
            Setting::ChallengeMinutes => self.challenge_minutes,
            Setting::LinkDays => self.link_days,
            Setting::NumbersDays => self.numbers_days,
        }
    }

    /// Records about what was over at this moment, or before, have had their time.
    #[must_use]
    pub fn records_before(&self, now: Timestamp) -> Timestamp {
        let months = i32::try_from(self.records_months).unwrap_or(i32::MAX);
        now.plus_months(-months).unwrap_or(Timestamp::EPOCH)
    }
}

/// What a kind of row holds, as far as it is about people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Nothing about anybody.
    Nothing,
    /// Ids that stand for somebody: a pseudonym is personal data (GDPR, recital 26).
    Ids,
    /// Keyed hashes: whoever has the vault's key can tell whose they are.
    Hashed,
    /// What is about a person, locked by the vault.
    Locked,
    /// What is about a person, readable by its recipients only.
    Sealed,
}

impl Holds {
    /// In words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Nothing => "readable; nothing about a person",
            Self::Ids => "readable; ids",
            Self::Hashed => "keyed hash",
            Self::Locked => "locked",
            Self::Sealed => "readable by its recipients only",
        }
    }

    /// Whether it is about people, so that its time has to end.
    #[must_use]
    pub fn is_personal(self) -> bool {
        self != Self::Nothing
    }
}

/// Whether the time of a kind of row ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// It does.
    Ends,
    /// It stays.
    Stays,
}

/// A kind of row: a table, or those columns of one that are kept for another time than the rest.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The table.
    pub table: &'static str,
    /// The columns: all that no other kind of this table has.
    pub columns: &'static [&'static str],
    /// Whether it is only some columns, which are emptied, and not rows, which are deleted.
    pub is_part: bool,
    /// What it is for.
    pub what: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// The same in other words, where those of [`Holds::text`] say too little.
    pub how: Option<&'static str>,
    /// Whether its time ends.
    pub period: Period,
    /// How long it is kept, in words; settings with their defaults.
    pub long: &'static str,
    /// The settings that say it.
    pub settings: &'static [Setting],
    /// What forgets it: file and function.
    pub owners: &'static [(&'static str, &'static str)],
}

impl Kind {
    /// The table, or the columns, as `docs/retention.md` names them.
    #[must_use]
    pub fn place(&self) -> String {
        if self.is_part {
            let names: Vec<_> =
                self.columns.iter().map(|column| format!("{}.{column}", self.table)).collect();
            names.join(", ")
        } else {
            self.table.to_owned()
        }
    }

    /// How it is kept.
    #[must_use]
    pub fn how(&self) -> &'static str {
        self.how.unwrap_or(self.holds.text())
    }

    /// How long it is kept, in words, with what the settings say in place of their defaults.
    #[must_use]
    pub fn long_with(&self, periods: &Periods) -> String {
        self.settings.iter().fold(self.long.to_owned(), |text, setting| {
            let name = format!("`{}` (", setting.name());
            let mut parts = text.split(&name);
            let first = parts.next().unwrap_or_default().to_owned();
            parts.fold(first, |done, part| {
                let rest = part.split_once(')').map_or("", |(_, rest)| rest);
                format!("{done}{name}{}){rest}", periods.of(*setting))
            })
        })
    }
}

/// All kinds, in the order of `docs/retention.md`.
pub const KINDS: &[Kind] = &[
    Kind {
        table: "unsealed_credential",
        columns: &["issuance_id", "locked"],
        is_part: false,
        what: "a signed credential that waits for the user's profile",
        holds: Holds::Locked,
        how: None,
        period: Period::Ends,
        long: "until it is sealed; at most `retention.unsealed_hours` (24) after it came, however often it is resumed",
        settings: &[Setting::UnsealedHours],
        owners: &[("src/flow/seal.rs", "proceed"), ("src/flow/sweep.rs", "end_overdue")],
    },
    Kind {
        table: "sealed_credential",
        columns: &[
            "issuance_id",
            "content",
            "encryptor_public_key",
            "public_notes_signature",
            "broader_signature",
            "copy_content",
            "copy_encryptor_public_key",
            "copy_public_notes_signature",
            "copy_broader_signature",
            "content_id",
            "content_size",
            "copy_content_id",
            "copy_content_size",
            "request_id",
            "uploaded_at",
            "upload_tries",
        ],
        is_part: false,
        what: "a sealed credential on its way, or waiting for a write grant or to be resumed",
        holds: Holds::Sealed,
        how: None,
        period: Period::Ends,
        long: "until it is seen in a block, and its contents, where they are kept at a blob gateway, there; if it waits, at most `retention.sealed_hours` (168), and `retention.overdue_hours` (72) more where the node cannot be asked",
        settings: &[Setting::SealedHours, Setting::OverdueHours],
        owners: &[("src/flow/moves.rs", "follow"), ("src/flow/sweep.rs", "end_overdue_sent")],
    },
    Kind {
        table: "sealed_part",
        columns: &["issuance_id", "is_copy", "number", "content"],
        is_part: false,
        what: "its contents, where the network keeps them at a blob gateway",
        holds: Holds::Sealed,
        how: None,
        period: Period::Ends,
        long: "until the gateway shows them; if it waits, as the sealed credential",
        settings: &[Setting::SealedHours, Setting::OverdueHours],
        owners: &[("src/flow/moves.rs", "follow")],
    },
    Kind {
        table: "write_grant",
        columns: &["issuance_id", "locked"],
        is_part: false,
        what: "the user's write grant; it names a wallet",
        holds: Holds::Locked,
        how: None,
        period: Period::Ends,
        long: "as its credential",
        settings: &[Setting::SealedHours, Setting::OverdueHours],
        owners: &[("src/flow/moves.rs", "follow")],
    },
    Kind {
        table: "kept_content",
        columns: &["issuance_id", "client", "stage", "kept_until", "valid_until", "locked", "created_at"],
        is_part: false,
        what: "a signed credential that is kept after delivery, in the phase `safety_net`",
        holds: Holds::Locked,
        how: None,
        period: Period::Ends,
        long: "until the person asks, `retention.safety_net_until`, or the phase ends; then until the person has chosen, at most `retention.safety_net_choice_days` (90), or until the moment that they have chosen; never beyond the credential's end or revocation",
        settings: &[Setting::ChoiceDays],
        owners: &[
            ("src/flow/kept.rs", "end_due"),
            ("src/flow/kept.rs", "delete"),
            ("src/flow/kept.rs", "follow"),
        ],
    },
    Kind {
        table: "profile",
        columns: &["locked_wallet"],
        is_part: true,
        what: "a wallet and its proof, for a profile to be created or to be added to one",
        holds: Holds::Locked,
        how: None,
        period: Period::Ends,
        long: "until it is on the network; if it is halted, at most `retention.sealed_hours` (168), and until it is asked for again",
        settings: &[Setting::SealedHours],
        owners: &[("src/flow/deliver/add_wallet.rs", "remember"), ("src/flow/sweep.rs", "end_profile")],
    },
    Kind {
        table: "profile",
        columns: &["wallet_index"],
        is_part: true,
        what: "by what that wallet is recognised, so that it is not written twice",
        holds: Holds::Hashed,
        how: None,
        period: Period::Ends,
        long: "as the wallet",
        settings: &[Setting::SealedHours],
        owners: &[("src/flow/deliver/add_wallet.rs", "remember"), ("src/flow/sweep.rs", "end_profile")],
    },
    Kind {
        table: "profile",
        columns: &[
            "id",
            "client",
            "state",
            "user_id",
            "wallet_id",
            "write_key",
            "encryption_public_key",
            "password_store",
            "halt",
            "waits_until",
            "tx_hash",
            "tx_height",
            "was_sent",
            "created_at",
            "updated_at",
        ],
        is_part: false,
        what: "the record of a profile or an added wallet: user id, public encryption key, state, transaction",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "`retention.records_months` (36) after it is over",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/records.rs", "end_records")],
    },
    Kind {
        table: "wallet_link",
        columns: &["locked_wallet"],
        is_part: true,
        what: "a wallet that is to be linked, and the text that it signs",
        holds: Holds::Locked,
        how: None,
        period: Period::Ends,
        long: "until the challenge is answered or its time is over (`wallets.challenge_minutes` (30)), or there were ten wrong signatures; with `forCredential` it stays once it is answered, until a credential that lists it is asked for, at most `retention.sealed_hours` (168); until it is erased",
        settings: &[Setting::ChallengeMinutes, Setting::SealedHours],
        owners: &[("src/flow/wallet_link.rs", "erase"), ("src/flow/sweep.rs", "sweep")],
    },
    Kind {
        table: "wallet_link",
        columns: &[
            "id",
            "client",
            "state",
            "user_id",
            "in_profile",
            "for_credential",
            "issuance_id",
            "reference",
            "wallet_index",
            "attempts",
            "expires_at",
            "proven_at",
            "proof_hash",
            "record_id",
            "waits_until",
            "created_at",
            "updated_at",
        ],
        is_part: false,
        what: "the record of a link: user id, state, times, the provider's reference, which record writes the wallet, which issuance lists it; by what the same wallet of the same user, and the same proof, are known again",
        holds: Holds::Ids,
        how: Some("readable; keyed hashes"),
        period: Period::Ends,
        long: "`retention.records_months` (36) after it is over; `erase` leaves our id and times until then",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/wallet_link.rs", "erase"), ("src/flow/records.rs", "end_records")],
    },
    Kind {
        table: "attribute",
        columns: &["locked"],
        is_part: true,
        what: "key and value of an attribute, as they are to stand on the network: what is sensitive is encrypted for the user already",
        holds: Holds::Locked,
        how: None,
        period: Period::Ends,
        long: "until it is on the network; if it is halted, at most `retention.sealed_hours` (168)",
        settings: &[Setting::SealedHours],
        owners: &[("src/flow/deliver/add_attribute.rs", "remember"), ("src/flow/sweep.rs", "end_attribute")],
    },
    Kind {
        table: "attribute",
        columns: &[
            "id",
            "client",
            "state",
            "user_id",
            "attribute_id",
            "sensitive",
            "write_key",
            "halt",
            "waits_until",
            "tx_hash",
            "tx_height",
            "was_sent",
            "created_at",
            "updated_at",
        ],
        is_part: false,
        what: "the record of an attribute: user id, its row's id, what of it is encrypted, state, transaction; neither key nor value",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "`retention.records_months` (36) after it is over",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/records.rs", "end_records")],
    },
    Kind {
        table: "issuance",
        columns: &["grant_id"],
        is_part: true,
        what: "the id of the write grant that was used, so that it is not used again; it says nothing about anybody",
        holds: Holds::Nothing,
        how: None,
        period: Period::Ends,
        long: "as the record, if it was used; else until it is over",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/erase.rs", "erase"), ("src/flow/records.rs", "end_records")],
    },
    Kind {
        table: "issuance",
        columns: &[
            "id",
            "client",
            "kind",
            "state",
            "delivery",
            "user_id",
            "original_id",
            "copy_id",
            "notes_id",
            "level",
            "reference",
            "write_key",
            "grantee",
            "grantee_key",
            "recipient_key",
            "public_notes",
            "content_hash",
            "valid_until",
            "valid_by",
            "waits_until",
            "created_at",
            "updated_at",
            "sealed_at",
            "issued_at",
            "tx_hash",
            "tx_height",
            "was_sent",
            "announced_at",
            "halt",
            "revoke_requested_at",
            "revoked_at",
            "confirmed_by",
            "noticed",
            "files",
            "renews",
            "superseded_by",
        ],
        is_part: false,
        what: "the record: ids, kind, level, times, transaction, state, the provider's reference, the public notes, bytes and pixels of files that were made to fit",
        holds: Holds::Ids,
        how: Some("readable; nothing in it is about a person but the idOS user id"),
        period: Period::Ends,
        long: "`retention.records_months` (36) after the end of the credential, or, if it has none, after the record's last change; `erase` leaves ids, times and hashes until then",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/records.rs", "end_records"), ("src/flow/erase.rs", "erase")],
    },
    Kind {
        table: "contact",
        columns: &["issuance_id", "client", "locked", "email_index", "created_at"],
        is_part: false,
        what: "whom to write to: e-mail address and language",
        holds: Holds::Locked,
        how: Some(
            "locked; found by a keyed hash of the client and the address, the same for all spellings, and another one for each client",
        ),
        period: Period::Ends,
        long: "as long as the record, until it is erased on request; until the issuance fails",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/moves.rs", "follow"), ("src/flow/records.rs", "end_records")],
    },
    Kind {
        table: "notice",
        columns: &[
            "id",
            "issuance_id",
            "client",
            "owner",
            "days",
            "valid_until",
            "state",
            "due_at",
            "attempts",
            "paced",
            "lease_owner",
            "lease_until",
            "data_at",
            "sent_at",
            "said_with",
            "code",
            "created_at",
            "updated_at",
        ],
        is_part: false,
        what: "what was planned to be told and sent before the end: ids, days, times, codes; to whom is in `contact`",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "as the record",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/records.rs", "end_records")],
    },
    Kind {
        table: "mail_limit",
        columns: &["name", "at", "count"],
        is_part: false,
        what: "how many mails went out on a day, with links to their own page to one address in an hour, and when the next may go to a domain",
        holds: Holds::Hashed,
        how: Some("a keyed hash of the domain, or of the address"),
        period: Period::Ends,
        long: "two days",
        settings: &[],
        owners: &[("src/flow/sweep.rs", "sweep")],
    },
    Kind {
        table: "mail_link",
        columns: &["hash", "issuance_id", "purpose", "created_at", "expires_at", "used_at"],
        is_part: false,
        what: "links of mails: SHA-256 of the part that nobody can guess, issuances, times. A link cannot be made of it",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until the link ends: `renewal.link_days` (90), a year for unsubscribing; until the issuance is erased",
        settings: &[Setting::LinkDays],
        owners: &[("src/flow/sweep.rs", "sweep"), ("src/flow/moves.rs", "follow")],
    },
    Kind {
        table: "mail_stop",
        columns: &["client", "email_index", "reason", "created_at"],
        is_part: false,
        what: "that nothing is sent to an address: why, since when",
        holds: Holds::Hashed,
        how: Some("the contact's keyed hash"),
        period: Period::Ends,
        long: "until the last contact with this address is erased",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/store/contacts.rs", "forget_contact")],
    },
    Kind {
        table: "idempotency",
        columns: &["client", "key_hash", "fingerprint", "subject", "created_at"],
        is_part: false,
        what: "what an `Idempotency-Key` stands for",
        holds: Holds::Hashed,
        how: None,
        period: Period::Ends,
        long: "`retention.idempotency_hours` (48), and while its issuance may still become a credential",
        settings: &[Setting::IdempotencyHours],
        owners: &[("src/flow/sweep.rs", "sweep")],
    },
    Kind {
        table: "event",
        columns: &["id", "client", "kind", "subject", "body", "replayed_at", "created_at"],
        is_part: false,
        what: "events for webhooks: ids, kind, codes",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "`retention.events_hours` (720), and as long as they are being told; until their issuance is erased",
        settings: &[Setting::EventsHours],
        owners: &[("src/flow/sweep.rs", "sweep"), ("src/flow/moves.rs", "follow")],
    },
    Kind {
        table: "job",
        columns: &[
            "id",
            "work",
            "subject",
            "target",
            "series",
            "lane",
            "state",
            "due_at",
            "attempts",
            "lease_owner",
            "lease_until",
            "nonce",
            "tx_hash",
            "sent_at",
            "reason",
            "created_at",
        ],
        is_part: false,
        what: "work to be done: ids, tries, transaction hashes",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until it is done, or what it is about is over",
        settings: &[Setting::SealedHours, Setting::EventsHours],
        owners: &[("src/flow/work.rs", "finish"), ("src/flow/sweep.rs", "sweep")],
    },
    Kind {
        table: "verification",
        columns: &["locked_contact"],
        is_part: true,
        what: "whom to write to about a verification, until there is an issuance",
        holds: Holds::Locked,
        how: None,
        period: Period::Ends,
        long: "until the issuance has it, or it is declined, ended or failed; at most `source.wait_days` (30)",
        settings: &[],
        owners: &[("src/flow/verified.rs", "record"), ("src/flow/verification/overdue.rs", "end_overdue")],
    },
    Kind {
        table: "verification",
        columns: &["contact_index"],
        is_part: true,
        what: "by what that contact is found",
        holds: Holds::Hashed,
        how: None,
        period: Period::Ends,
        long: "as the contact",
        settings: &[],
        owners: &[("src/flow/verified.rs", "record"), ("src/flow/verification/overdue.rs", "end_overdue")],
    },
    Kind {
        table: "verification",
        columns: &[
            "id",
            "client",
            "source",
            "external_id",
            "state",
            "delivery",
            "user_id",
            "reference",
            "grantee",
            "grantee_key",
            "case_id",
            "case_scope",
            "waits_for",
            "code",
            "problems",
            "heard",
            "heard_at",
            "decided_at",
            "made",
            "issuance_id",
            "version",
            "waits_until",
            "created_at",
            "updated_at",
        ],
        is_part: false,
        what: "a verification at a vendor, or at a source of personhood: ids of ours and the vendor's, state, codes, the provider's reference, the idOS user id; nothing else in it is about a person",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "as the issuance that was made of it; if there is none, `retention.records_months` (36) after it is over. `erase`, of it or of its issuance, leaves our ids and times until then",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/records.rs", "end_records"), ("src/flow/verified.rs", "erased")],
    },
    Kind {
        table: "verification_issuance",
        columns: &["issuance_id", "verification_id", "owner", "created_at"],
        is_part: false,
        what: "which issuances were made of which verification",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "as the issuance",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/records.rs", "end_records")],
    },
    Kind {
        table: "vendor_event",
        columns: &["id", "event", "verification_id", "case_id", "case_scope", "received_at"],
        is_part: false,
        what: "that a vendor's webhook was taken: a keyed hash, the kind of event, the vendor's id of the case. Never its body",
        holds: Holds::Ids,
        how: Some("keyed hash, ids"),
        period: Period::Ends,
        long: "`retention.vendor_events_hours` (720)",
        settings: &[Setting::VendorEventsHours],
        owners: &[("src/flow/sweep.rs", "sweep")],
    },
    Kind {
        table: "person",
        columns: &["hash", "owner", "locked", "uses", "created_at"],
        is_part: false,
        what: "that a person has a credential by a source of personhood, so that there is one: a keyed hash of source, action and the source's id, whose it is (client and idOS user), and how many issuances count on it. Never a proof, a nullifier, an address or an id",
        holds: Holds::Hashed,
        how: Some("keyed hash; what it is made of, a hash itself, locked, for `vault relock`"),
        period: Period::Ends,
        long: "until the last of these issuances is erased or fails, or its record ends",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/verified.rs", "follow"), ("src/flow/records.rs", "end_records")],
    },
    Kind {
        table: "person_issuance",
        columns: &["issuance_id", "hash"],
        is_part: false,
        what: "which issuances count on it",
        holds: Holds::Hashed,
        how: None,
        period: Period::Ends,
        long: "as the person",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/verified.rs", "follow"), ("src/flow/records.rs", "end_records")],
    },
    Kind {
        table: "claim",
        columns: &["locked"],
        is_part: true,
        what: "where the page of a claim leads back to, and the write grant that the person has signed",
        holds: Holds::Locked,
        how: None,
        period: Period::Ends,
        long: "the grant: until something is submitted that is written by it; both: until the link's end, `claims.link_hours` (72)",
        settings: &[],
        owners: &[("src/flow/claimed.rs", "record"), ("src/flow/claim/overdue.rs", "end_overdue")],
    },
    Kind {
        table: "claim",
        columns: &[
            "id",
            "client",
            "hash",
            "state",
            "kind",
            "delivery",
            "user_id",
            "issuance_id",
            "profile_id",
            "wallet_type",
            "wallet_index",
            "reference",
            "locale",
            "grant_seconds",
            "grant_id",
            "version",
            "expires_at",
            "due_at",
            "created_at",
            "updated_at",
        ],
        is_part: false,
        what: "a claim: ids of ours, SHA-256 of the part of its link that nobody can guess, state, kind, times, the idOS user id, the type of the wallet and a keyed hash of it, the provider's reference, the page's language. A link cannot be made of it",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until 30 days after the link's end; wallet and language until nothing has come of it by then",
        settings: &[],
        owners: &[("src/flow/claim/overdue.rs", "end_overdue"), ("src/flow/erase.rs", "erase")],
    },
    Kind {
        table: "relay_consumer",
        columns: &[
            "id",
            "client",
            "name",
            "public_key",
            "grantee",
            "encryption_key",
            "blocked_countries",
            "created_at",
        ],
        is_part: false,
        what: "a consumer of the relay, which is a company: its name, public keys, name on the network, blocked countries. Never its e-mail address",
        holds: Holds::Nothing,
        how: None,
        period: Period::Stays,
        long: "until it is struck off (`DELETE /developer/console/clients/{id}`)",
        settings: &[],
        owners: &[("src/flow/relay/consumers.rs", "remove")],
    },
    Kind {
        table: "relay_start",
        columns: &["claim_id", "consumer_id", "level", "person", "wallet", "verification_id", "created_at"],
        is_part: false,
        what: "what its token has begun a claim with: ids, the level, keyed hashes of what makes a person the same for it and of the wallet that is wanted. Never a token",
        holds: Holds::Hashed,
        how: Some("keyed hashes, ids"),
        period: Period::Ends,
        long: "as the claim, until that or its verification is erased",
        settings: &[],
        owners: &[("src/flow/claim/overdue.rs", "end_overdue"), ("src/flow/claimed.rs", "follow")],
    },
    Kind {
        table: "relay_check",
        columns: &["verification_id", "consumer_id"],
        is_part: false,
        what: "for which consumer a verification is",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "as the verification",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/records.rs", "end_records")],
    },
    Kind {
        table: "relay_credential",
        columns: &["credential_id", "consumer_id", "issuance_id"],
        is_part: false,
        what: "whose a credential is: its ids on the network, the consumer, the issuance",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until the issuance is erased, or its record ends",
        settings: &[Setting::RecordsMonths],
        owners: &[("src/flow/verified.rs", "follow"), ("src/flow/records.rs", "end_records")],
    },
    Kind {
        table: "erasure_case",
        columns: &["link_hash", "link_until"],
        is_part: true,
        what: "the link by which a person confirms a request to erase: SHA-256 of the part that nobody can guess. A link cannot be made of it",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "a day, and until the case goes on",
        settings: &[],
        owners: &[("src/flow/cases/mail.rs", "confirm"), ("src/flow/cases/step.rs", "take")],
    },
    Kind {
        table: "erasure_case",
        columns: &[
            "id",
            "client",
            "state",
            "origin",
            "received_at",
            "due_at",
            "revokes",
            "records",
            "receipt",
            "is_shared",
            "identity",
            "identified_at",
            "decided_by",
            "decided_at",
            "approved_at",
            "extended_at",
            "extension",
            "hold_basis",
            "held_until",
            "grounds",
            "grounds_basis",
            "alerted_at",
            "version",
            "created_at",
            "updated_at",
        ],
        is_part: false,
        what: "a request to erase: the client, state, times, codes, how many records, who has decided, the receipt; never by what the person was looked for",
        holds: Holds::Nothing,
        how: None,
        period: Period::Stays,
        long: "for ever: it shows that the request was answered, and cannot be matched with anybody once its records are gone",
        settings: &[],
        owners: &[("src/flow/cases/step.rs", "take")],
    },
    Kind {
        table: "erasure_record",
        columns: &[
            "case_id",
            "kind",
            "record_id",
            "step",
            "user_id",
            "copy_id",
            "copy_key",
            "copy",
            "credential",
            "code",
        ],
        is_part: false,
        what: "which records a request to erase is about, and what has become of each",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until the case is done, refused or withdrawn",
        settings: &[],
        owners: &[("src/flow/cases/step.rs", "take"), ("src/flow/erasure/mod.rs", "end")],
    },
    Kind {
        table: "erasure_run",
        columns: &["case_id", "phase", "mail", "mail_attempts", "mail_due_at", "mail_data_at", "started_at"],
        is_part: false,
        what: "how far a case is that is being carried out",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until the case is done",
        settings: &[],
        owners: &[("src/flow/erasure/mod.rs", "end")],
    },
    Kind {
        table: "asked_erasure",
        columns: &["record_id", "case_id"],
        is_part: false,
        what: "which request to erase a person has made on their own page, about which record, so that they are shown what became of it",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until the record is erased, or its time is over",
        settings: &[],
        owners: &[("src/store/audit.rs", "unlink_audit")],
    },
    Kind {
        table: "visit",
        columns: &["locked"],
        is_part: true,
        what: "who visits their own page: an e-mail address, or an idOS user id",
        holds: Holds::Locked,
        how: None,
        period: Period::Ends,
        long: "as the visit",
        settings: &[],
        owners: &[("src/flow/sweep.rs", "sweep"), ("src/flow/visit/mod.rs", "leave")],
    },
    Kind {
        table: "visit",
        columns: &["id", "way", "link_hash", "hash", "ends_at", "created_at"],
        is_part: false,
        what: "visits of people to their own page: SHA-256 of the tokens of link and cookie, times. Neither can be made of it",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until it is left, at most `person_page.link_minutes` (60) for its link and then `person_page.visit_minutes` (30); until one of its records is erased; at once, if there is nothing of whoever is named",
        settings: &[],
        owners: &[
            ("src/flow/sweep.rs", "sweep"),
            ("src/flow/visit/mod.rs", "leave"),
            ("src/store/audit.rs", "unlink_audit"),
        ],
    },
    Kind {
        table: "visit_record",
        columns: &["visit_id", "record_id"],
        is_part: false,
        what: "which records a visit is about",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "as the visit",
        settings: &[],
        owners: &[("src/flow/sweep.rs", "sweep"), ("src/store/audit.rs", "unlink_audit")],
    },
    Kind {
        table: "audit",
        columns: &["seq", "at", "actor", "act", "link", "also_link", "previous", "hash"],
        is_part: false,
        what: "who did what when: codes, and hashes that cannot be tried without the salts below",
        holds: Holds::Nothing,
        how: None,
        period: Period::Stays,
        long: "for ever: the chain would break",
        settings: &[],
        owners: &[("src/flow/audit.rs", "verify")],
    },
    Kind {
        table: "audit",
        columns: &["subject", "detail", "salt", "also", "also_salt"],
        is_part: true,
        what: "what was done about which record, and who has looked at it: ids, hashes of contents and transactions, and the salts of \
               the commitments that the chain's hashes cover",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until the record is erased, or its time is over",
        settings: &[],
        owners: &[("src/store/audit.rs", "unlink_audit")],
    },
    Kind {
        table: "audit_view",
        columns: &["subject", "actor", "hour"],
        is_part: false,
        what: "who has looked at which record in this hour, so that it is written down once",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "the hour; until the record is erased",
        settings: &[],
        owners: &[("src/flow/sweep.rs", "sweep"), ("src/store/audit.rs", "unlink_audit")],
    },
    Kind {
        table: "audit_head",
        columns: &["id", "seq", "hash"],
        is_part: false,
        what: "the end of that chain",
        holds: Holds::Nothing,
        how: None,
        period: Period::Stays,
        long: "for ever",
        settings: &[],
        owners: &[("src/flow/audit.rs", "verify")],
    },
    Kind {
        table: "audit_checkpoint",
        columns: &["number", "entry", "hash", "at", "key_id", "public_key", "signature"],
        is_part: false,
        what: "signatures under that chain: hashes, times, public keys",
        holds: Holds::Nothing,
        how: None,
        period: Period::Stays,
        long: "for ever",
        settings: &[],
        owners: &[("src/flow/audit.rs", "checkpoint")],
    },
    Kind {
        table: "daily",
        columns: &["client", "day", "what", "count"],
        is_part: false,
        what: "how often what happened on a day, by client: codes and counts, from the audit chain",
        holds: Holds::Nothing,
        how: None,
        period: Period::Ends,
        long: "`retention.numbers_days` (1100)",
        settings: &[Setting::NumbersDays],
        owners: &[("src/flow/sweep.rs", "sweep")],
    },
    Kind {
        table: "bulk_resume",
        columns: &[
            "id",
            "client",
            "what",
            "code",
            "state",
            "actor",
            "total",
            "resumed",
            "remaining",
            "place_at",
            "place_id",
            "created_at",
            "updated_at",
        ],
        is_part: false,
        what: "what was brought on in bulk: client, codes, counts, by whose word",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "`retention.events_hours` (720)",
        settings: &[Setting::EventsHours],
        owners: &[("src/flow/sweep.rs", "sweep")],
    },
    Kind {
        table: "api_key",
        columns: &["id", "client", "hash", "scopes", "created_at", "expires_at", "revoked_at", "used_at"],
        is_part: false,
        what: "API keys: client, scopes, SHA-256 of the secret, last use to the hour",
        holds: Holds::Nothing,
        how: None,
        period: Period::Stays,
        long: "for ever, also when revoked: the audit chain names them",
        settings: &[],
        owners: &[("src/flow/api_keys.rs", "revoke")],
    },
    Kind {
        table: "staff",
        columns: &["locked_totp"],
        is_part: true,
        what: "the secret of the one-time codes of somebody who works at the console",
        holds: Holds::Locked,
        how: None,
        period: Period::Ends,
        long: "until they are invited anew or removed",
        settings: &[],
        owners: &[("src/flow/staff/manage.rs", "reset"), ("src/flow/staff/manage.rs", "remove")],
    },
    Kind {
        table: "staff",
        columns: &[
            "id",
            "name",
            "role",
            "client",
            "password",
            "totp_step",
            "accepted_at",
            "invitation_hash",
            "invited_until",
            "language",
            "time_zone",
            "issuer",
            "subject",
            "signed_in_at",
            "version",
            "created_at",
            "updated_at",
        ],
        is_part: false,
        what: "those who work at the console: their login name, role, client, language, time zone, times; the password by argon2id; SHA-256 of an invitation",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until they are removed",
        settings: &[],
        owners: &[("src/flow/staff/manage.rs", "remove")],
    },
    Kind {
        table: "staff_recovery",
        columns: &["staff_id", "hash"],
        is_part: false,
        what: "their recovery codes: SHA-256 of 80 random bits each",
        holds: Holds::Ids,
        how: Some("hashes"),
        period: Period::Ends,
        long: "until used or renewed, or they are removed",
        settings: &[],
        owners: &[
            ("src/flow/staff/account.rs", "renew_recovery_codes"),
            ("src/flow/staff/manage.rs", "remove"),
        ],
    },
    Kind {
        table: "staff_session",
        columns: &["id", "hash", "staff_id", "stage", "factor_at", "seen_at", "ends_at", "created_at"],
        is_part: false,
        what: "their sessions: SHA-256 of the token, times. No cookie can be made of it",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until they end, by themselves or by hand",
        settings: &[],
        owners: &[("src/flow/sweep.rs", "sweep"), ("src/flow/staff/session.rs", "end")],
    },
    Kind {
        table: "proposal",
        columns: &["id", "act", "subject", "detail", "proposed_by", "expires_at", "created_at"],
        is_part: false,
        what: "what somebody at the console has proposed, and waits for a second person: a login name, role, client, scopes, ids, times",
        holds: Holds::Ids,
        how: None,
        period: Period::Ends,
        long: "until it is approved or declined, or a week is over",
        settings: &[],
        owners: &[
            ("src/flow/by.rs", "settle"),
            ("src/flow/staff/proposals.rs", "decline"),
            ("src/flow/sweep.rs", "sweep"),
        ],
    },
    Kind {
        table: "sign_in_attempt",
        columns: &["who", "failures", "pause_until", "at"],
        is_part: false,
        what: "how often somebody has tried to sign in: counts, times, by a login name, an address, or an id",
        holds: Holds::Hashed,
        how: None,
        period: Period::Ends,
        long: "a day after the last attempt",
        settings: &[],
        owners: &[("src/flow/sweep.rs", "sweep")],
    },
    Kind {
        table: "recorded",
        columns: &["name", "value"],
        is_part: false,
        what: "network, signing key, when ends of the phase `safety_net` were told",
        holds: Holds::Nothing,
        how: None,
        period: Period::Stays,
        long: "for ever",
        settings: &[],
        owners: &[("src/store/recorded.rs", "record_anew")],
    },
    Kind {
        table: "lane",
        columns: &["write_key", "owner", "lease_until", "epoch"],
        is_part: false,
        what: "write keys, and leases on them",
        holds: Holds::Nothing,
        how: None,
        period: Period::Stays,
        long: "for ever",
        settings: &[],
        owners: &[("src/store/lanes.rs", "take_lane")],
    },
    Kind {
        table: "recurring",
        columns: &["name", "due_at"],
        is_part: false,
        what: "when recurring work is due",
        holds: Holds::Nothing,
        how: None,
        period: Period::Stays,
        long: "for ever",
        settings: &[],
        owners: &[("src/store/recorded.rs", "claim_recurring")],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    const DOUBLED: Periods = Periods {
        unsealed_hours: 48,
        sealed_hours: 336,
        overdue_hours: 144,
        idempotency_hours: 96,
        events_hours: 1440,
        vendor_events_hours: 1440,
        records_months: 72,
        choice_days: 180,
        challenge_minutes: 30,
        link_days: 180,
        numbers_days: 2200,
    };

    #[test]
    fn nothing_about_a_person_stays_for_ever() {
        for kind in KINDS {
            assert!(!kind.holds.is_personal() || kind.period == Period::Ends, "{}", kind.place());
            let says_so = kind.long.contains("for ever") || kind.long.contains("struck off");
            assert_eq!(says_so, kind.period == Period::Stays, "{}", kind.place());
        }
    }

    #[test]
    fn the_words_say_what_the_settings_say() {
        for kind in KINDS {
            let text = kind.long_with(&DOUBLED);
            for setting in Setting::ALL {
                let name = format!("`{}`", setting.name());
                if kind.long.contains(&name) && setting.name() != "retention.safety_net_until" {
                    assert!(kind.settings.contains(setting), "{}: {name}", kind.place());
                    let now = format!("{name} ({})", DOUBLED.of(*setting));
                    assert!(text.contains(&now), "{}: {text}", kind.place());
                }
            }
        }
    }
}
