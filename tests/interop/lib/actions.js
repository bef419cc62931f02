// The idOS actions that the tests use, as the official clients send them: order and types of the parameters, and
// for those that change something the description that is signed. A type ending in "?" may be null.

const credential =
  "issuer_auth_public_key, encryptor_public_key, content, public_notes, public_notes_signature, broader_signature";
const wallet = "id uuid, address, public_key?, wallet_type, message, signature";

export const EXECUTES = {
  add_user_as_inserter: {
    description: "Add a user to idOS",
    parameters: "id uuid, recipient_encryption_public_key, encryption_password_store",
  },
  upsert_wallet_as_inserter: {
    description: "Add a wallet to idOS by inserter (profile creator)",
    parameters: wallet.replace("address", "user_id uuid, address"),
  },
  upsert_credential_as_inserter: {
    // The space at the end is signed too.
    description:
      "Add or update a credential in idOS on behalf of a user by permissioned profile creator (inserter) ",
    parameters: `id uuid, user_id uuid, ${credential}`,
  },
  create_credentials_by_dwg: {
    description:
      "Add original credential and copy credential with AG on behalf of a user (using delegated write grant given by the user)",
    parameters:
      "issuer_auth_public_key, original_encryptor_public_key, original_credential_id uuid, original_content, " +
      "original_public_notes, original_public_notes_signature, original_broader_signature, copy_encryptor_public_key, " +
      "copy_credential_id uuid, copy_content, copy_public_notes_signature, copy_broader_signature, content_hash, " +
      "dwg_owner, dwg_grantee, dwg_issuer_public_key, dwg_id uuid, dwg_access_grant_timelock, dwg_not_before, " +
      "dwg_not_after, dwg_signature",
  },
  edit_public_notes_as_issuer: {
    description: "Edit public notes in a credential as issuer",
    parameters: "public_notes_id, public_notes",
  },
  add_attribute_as_inserter: {
    description: "Add a new attribute as inserter",
    parameters: "id uuid, user_id uuid, attribute_key, value",
  },
  add_wallet: { description: "Add a wallet to idOS", parameters: wallet },
  remove_wallet: { description: "Remove a wallet from idOS", parameters: "id uuid" },
  add_credential: { description: "Add a new credential", parameters: `id uuid, ${credential}` },
  remove_credential: { description: "Remove a credential from your idOS profile", parameters: "id uuid" },
  share_credential: {
    description: "Share a credential with creating AG",
    parameters:
      "id uuid, original_credential_id uuid, public_notes, public_notes_signature, broader_signature, content, " +
      "content_hash, encryptor_public_key, issuer_auth_public_key, grantee_wallet_identifier, locked_until int8",
  },
  revoke_access_grant: { description: "Revoke an Access Grant from idOS", parameters: "id uuid" },
  // Upstream's next version.
  create_preliminary_credentials_by_dwg: {
    description:
      "Add original credential and copy credential with AG on behalf of a user (using delegated write grant given by the user)",
    parameters:
      "request_id uuid, issuer_auth_public_key, original_encryptor_public_key, original_id uuid, original_content_uri, " +
      "original_content_size int8, original_public_notes, original_public_notes_signature, original_broader_signature, " +
      "copy_encryptor_public_key, copy_id uuid, copy_content_uri, copy_content_size int8, copy_public_notes_signature, " +
      "copy_broader_signature, content_hash, dwg_owner, dwg_grantee, dwg_issuer_public_key, dwg_id uuid, " +
      "dwg_access_grant_timelock, dwg_not_before, dwg_not_after, dwg_signature",
  },
  create_preliminary_credential: {
    description: "Create a new preliminary credential",
    parameters:
      "request_id uuid, credential_id uuid, issuer_auth_public_key, encryptor_public_key, content_uri, " +
      "content_size int8, content_hash, public_notes, public_notes_signature, broader_signature",
  },
  share_preliminary_credential: {
    description: "Share a credential with creating AG",
    parameters:
      "request_id uuid, copy_id uuid, original_id uuid, public_notes, public_notes_signature, broader_signature, " +
      "content_uri, content_size int8, content_hash, encryptor_public_key, issuer_auth_public_key, " +
      "grantee_wallet_identifier, locked_until int8",
  },
  action_costing_gas: { description: "Get cost of action for 1.2 gas", parameters: "" },
};

export const CALLS = {
  has_profile: "address",
  get_user_as_inserter: "id uuid",
  get_user: "",
  get_wallets: "",
  get_attributes: "",
  get_credentials: "",
  get_credential_owned: "id uuid",
  get_credential_shared: "id uuid",
  get_credentials_shared_by_user: "user_id uuid, original_issuer_auth_public_key?",
  get_sibling_credential_id: "content_hash",
  credential_exist_as_inserter: "id uuid",
  get_access_grants_granted: "user_id uuid?, page int8, size int8",
  get_access_grants_granted_count: "user_id uuid?",
  get_access_grants_owned: "",
  dwg_message:
    "owner_wallet_identifier, grantee_wallet_identifier, issuer_public_key, id uuid, access_grant_timelock, " +
    "not_usable_before, not_usable_after",
};

/** `[["id", "uuid"], …]` */
export function parametersOf(list) {
  if (list === "") return [];
  return list.split(", ").map((parameter) => {
    const [name, type = "text"] = parameter.replace("?", "").split(" ");
    return [name, type];
  });
}
