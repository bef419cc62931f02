//! `staff`: who works at the console.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::{self, Context};
use super::{Outcome, output};
use crate::clock;
use crate::config::Config;
use crate::flow::staff::manage::{self, By};
use crate::model::mail_link::LinkToken;
use crate::model::staff::{Reach, Role, Staff};
use crate::store::Store;

#[derive(Subcommand)]
pub(super) enum StaffCommand {
    /// Invite somebody, and print the link by which they choose a password and set up one-time codes.
    Add(Add),
    /// List everybody.
    List(List),
    /// Change what somebody may do. Their sessions end.
    Role(ChangeRole),
    /// Invite somebody anew, such as one who has lost password or codes. What let them in before does no more.
    Reset(Whom),
    /// Forget somebody. Their sessions end.
    Remove(Whom),
    /// End all sessions of somebody's.
    SignOut(Whom),
}

#[derive(Args)]
pub(super) struct Add {
    /// What they sign in with: letters a-z, digits, and any of `._-`.
    #[arg(value_name = "NAME")]
    name: String,
    /// What they may do: viewer, compliance or admin.
    #[arg(long, value_name = "ROLE", value_parser = role)]
    role: Role,
    /// The client whose records they see. Without it, they see those of all clients.
    #[arg(long, value_name = "CLIENT", default_value = "*", value_parser = reach)]
    client: Reach,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct List {
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct ChangeRole {
    /// Who: a login name, or an id such as `stf_01J…`.
    #[arg(value_name = "WHO")]
    who: String,
    /// What they may do from now on: viewer, compliance or admin.
    #[arg(long, value_name = "ROLE", value_parser = role)]
    role: Role,
    /// The client whose records they see from now on; * for all. Without it, that stays as it is.
    #[arg(long, value_name = "CLIENT", value_parser = reach)]
    client: Option<Reach>,
}

#[derive(Args)]
pub(super) struct Whom {
    /// Who: a login name, or an id such as `stf_01J…`.
    #[arg(value_name = "WHO")]
    who: String,
}

impl StaffCommand {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.answer(async {
            let store = context::store(&config).await?;
            let invitation_hours = config.console.invitation_hours;
            let by = By::operator(clock::now(), invitation_hours);
            let outcome = self.act(&config, &store, &by).await;
            store.close().await;
            outcome
        })
    }

    async fn act(self, config: &Config, store: &Store, by: &By) -> Outcome {
        match self {
            Self::Add(Add { name, role, client, json }) => {
                let (staff, token) = manage::add(store, by, &name, role, client).await?;
                tell_invited(config, &staff, &token, json);
            }
            Self::List(List { json }) => list(&store.all_staff().await?, json),
            Self::Role(ChangeRole { who, role, client }) => {
                let staff = manage::named(store, &who).await?;
                let reach = client.unwrap_or_else(|| staff.reach.clone());
                let staff = manage::change(store, by, &staff.id, role, reach).await?;
                output::line(&format!("{}  {}  {}", staff.id, staff.role, staff.reach));
            }
            Self::Reset(Whom { who }) => {
                let staff = manage::named(store, &who).await?;
                let (staff, token) = manage::reset(store, by, &staff.id).await?;
                tell_invited(config, &staff, &token, false);
            }
            Self::Remove(Whom { who }) => {
                let staff = manage::named(store, &who).await?;
                manage::remove(store, by, &staff.id).await?;
                output::line(&format!("removed {}", staff.id));
            }
            Self::SignOut(Whom { who }) => {
                let staff = manage::named(store, &who).await?;
                let ended = manage::sign_out(store, by, &staff.id).await?;
                output::line(&format!("ended {ended} sessions of {}", staff.id));
            }
        }
        Ok(true)
    }
}

/// The link of an invitation, which is given this once.
fn tell_invited(config: &Config, staff: &Staff, token: &LinkToken, json: bool) {
    let path = format!("/console/invitation/{}", token.to_text().as_str());
    let link = config.http.public(&path).unwrap_or(path);
    if json {
        let mut shown = show(staff);
        if let Value::Object(members) = &mut shown {
            members.insert("link".to_owned(), link.into());
        }
        output::line(&shown.to_string());
        return;
    }
    output::line(&link);
    let hours = config.console.invitation_hours;
    output::hint(&format!(
        "{} follows it within {hours} hours. It works once, and is shown this once.",
        staff.name
    ));
    if config.http.public_url.is_none() {
        output::hint("http.public_url is not set: put the address of the service before it");
    }
    if !config.console.enabled {
        output::hint("console.enabled is false: there is no console yet");
    }
}

fn list(all: &[Staff], json: bool) {
    if json {
        output::line(&Value::from(all.iter().map(show).collect::<Vec<_>>()).to_string());
        return;
    }
    for staff in all {
        let state = match (staff.accepted_at, &staff.invitation) {
            (Some(_), _) => staff
                .signed_in_at
                .map_or_else(|| "never signed in".to_owned(), |at| format!("signed in {at}")),
            (None, Some((_, until))) => format!("invited until {until}"),
            (None, None) => "not invited".to_owned(),
        };
        output::line(&format!("{}  {}  {}  {}  {state}", staff.id, staff.name, staff.role, staff.reach));
    }
}

fn show(staff: &Staff) -> Value {
    json!({
        "id": staff.id.as_str(),
        "name": staff.name,
        "role": staff.role.as_str(),
        "client": staff.reach.to_string(),
        "createdAt": staff.created_at.to_string(),
        "acceptedAt": staff.accepted_at.map(|at| at.to_string()),
        "signedInAt": staff.signed_in_at.map(|at| at.to_string()),
    })
}

fn role(text: &str) -> Result<Role, &'static str> {
    text.parse().map_err(|_| "must be viewer, compliance or admin")
}

fn reach(text: &str) -> Result<Reach, String> {
    text.parse().map_err(|error: crate::model::staff::NoReach| error.to_string())
}
