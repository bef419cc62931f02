package schema

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kwilteam/kwil-db/extensions/precompiles"
	"github.com/kwilteam/kwil-db/node/engine"
	"github.com/kwilteam/kwil-db/node/engine/parse"

	"idos-kwild/idos"
)

// The columns of access grants, which four views return.
const grantColumns = "table (id uuid, ag_owner_user_id uuid, ag_grantee_wallet_identifier text, data_id uuid, " +
	"locked_until int8, content_hash text, inserter_type text, inserter_id text)"

// What clients of idOS call, as published descriptions of its schema have it: who may, whether it only reads, what it
// takes and what it returns. The order of parameters matters: clients send no names.
var published = []string{
	// Inserters and delegates
	"owner public add_inserter_as_owner(id uuid, name text)",
	"owner public delete_inserter_as_owner(id uuid)",
	"owner public add_delegate_as_owner(address text, inserter_id uuid)",
	"owner public delete_delegate_as_owner(address text)",
	"private view get_inserter() -> (name text)",
	"private view get_inserter_or_null() -> (name text)",

	// Users
	"public add_user_as_inserter(id uuid, recipient_encryption_public_key text, encryption_password_store text)",
	"public update_user_pub_key_as_inserter(id uuid, recipient_encryption_public_key text, " +
		"encryption_password_store text)",
	"public view get_user() -> (id uuid, recipient_encryption_public_key text, encryption_password_store text)",
	"public view get_user_as_inserter(id uuid) -> (id uuid, recipient_encryption_public_key text, " +
		"encryption_password_store text, inserter text)",

	// Wallets
	"public upsert_wallet_as_inserter(id uuid, user_id uuid, address text, public_key text, wallet_type text, " +
		"message text, signature text)",
	"public add_wallet(id uuid, address text, public_key text, wallet_type text, message text, signature text)",
	"public view get_wallets() -> table (id uuid, user_id uuid, address text, public_key text, wallet_type text, " +
		"message text, signature text, inserter text)",
	"public remove_wallet(id uuid)",
	"public view has_profile(address text) -> (has_profile bool)",

	// Credentials
	"public upsert_credential_as_inserter(id uuid, user_id uuid, issuer_auth_public_key text, " +
		"encryptor_public_key text, content text, public_notes text, public_notes_signature text, " +
		"broader_signature text)",
	"public add_credential(id uuid, issuer_auth_public_key text, encryptor_public_key text, content text, " +
		"public_notes text, public_notes_signature text, broader_signature text)",
	"public view get_credentials() -> table (id uuid, user_id uuid, public_notes text, " +
		"issuer_auth_public_key text, inserter text, original_id uuid)",
	"public view get_credentials_shared_by_user(user_id uuid, original_issuer_auth_public_key text) -> " +
		"table (id uuid, user_id uuid, public_notes text, encryptor_public_key text, issuer_auth_public_key text, " +
		"inserter text, original_id uuid)",
	"public edit_credential(id uuid, public_notes text, public_notes_signature text, broader_signature text, " +
		"content text, encryptor_public_key text, issuer_auth_public_key text)",
	"public edit_public_notes_as_issuer(public_notes_id text, public_notes text)",
	"public remove_credential(id uuid)",
	"public rescind_shared_credential(credential_id uuid)",
	"public share_credential(id uuid, original_credential_id uuid, public_notes text, " +
		"public_notes_signature text, broader_signature text, content text, content_hash text, " +
		"encryptor_public_key text, issuer_auth_public_key text, grantee_wallet_identifier text, " +
		"locked_until int8)",
	"public create_credentials_by_dwg(issuer_auth_public_key text, original_encryptor_public_key text, " +
		"original_credential_id uuid, original_content text, original_public_notes text, " +
		"original_public_notes_signature text, original_broader_signature text, copy_encryptor_public_key text, " +
		"copy_credential_id uuid, copy_content text, copy_public_notes_signature text, " +
		"copy_broader_signature text, content_hash text, dwg_owner text, dwg_grantee text, " +
		"dwg_issuer_public_key text, dwg_id uuid, dwg_access_grant_timelock text, dwg_not_before text, " +
		"dwg_not_after text, dwg_signature text)",
	"public view credential_exist_as_inserter(id uuid) -> (credential_exist bool)",
	"public view get_credential_owned(id uuid) -> table (id uuid, user_id uuid, public_notes text, content text, " +
		"encryptor_public_key text, issuer_auth_public_key text, inserter text)",
	"public view get_credential_shared(id uuid) -> table (id uuid, user_id uuid, public_notes text, content text, " +
		"encryptor_public_key text, issuer_auth_public_key text, inserter text)",
	"public view get_sibling_credential_id(content_hash text) -> (id uuid)",
	"private view credential_belongs_to_caller(id uuid) -> (belongs bool)",
	"private view credential_exist(id uuid) -> (credential_exist bool)",

	// Attributes
	"public add_attribute_as_inserter(id uuid, user_id uuid, attribute_key text, value text)",
	"public add_attribute(id uuid, attribute_key text, value text)",
	"public view get_attributes() -> table (id uuid, user_id uuid, attribute_key text, value text, " +
		"original_id uuid)",
	"public edit_attribute(id uuid, attribute_key text, value text)",
	"public remove_attribute(id uuid)",
	"public share_attribute(id uuid, original_attribute_id uuid, attribute_key text, value text)",

	// Grants
	"public view dwg_message(owner_wallet_identifier text, grantee_wallet_identifier text, issuer_public_key text, " +
		"id uuid, access_grant_timelock text, not_usable_before text, not_usable_after text) -> (message text)",
	"public revoke_access_grant(id uuid)",
	"public view get_access_grants_owned() -> " + grantColumns,
	"public view get_access_grants_granted(user_id uuid, page int8, size int8) -> " + grantColumns,
	"public view get_access_grants_granted_count(user_id uuid) -> (count int8)",
	"public view has_locked_access_grants(id uuid) -> (has bool)",
	"public view dag_message(dag_owner_wallet_identifier text, dag_grantee_wallet_identifier text, " +
		"dag_data_id uuid, dag_locked_until int8, dag_content_hash text) -> (message text)",
	"public create_ag_by_dag_for_copy(dag_owner_wallet_identifier text, dag_grantee_wallet_identifier text, " +
		"dag_data_id uuid, dag_locked_until int8, dag_content_hash text, dag_signature text)",
	"private create_access_grant(grantee_wallet_identifier text, data_id uuid, locked_until int8, " +
		"content_hash text, inserter_type text, inserter_id text)",
	"public view get_access_grants_for_credential(credential_id uuid) -> " + grantColumns,

	// Gas and fees
	"public view check_balance(address text, token text) -> (balance numeric(78,0))",
	"public view get_wallet_with_balance(token text) -> (wallet_address text)",
	"public request_withdrawal(token text)",
	"private view from_human_units(amount numeric(6,2)) -> (new_amount numeric(78,0))",
	"public view get_allowance() -> (gas_allowance numeric(78,0))",
	"private update_allowance(amount numeric(78,0))",
	"private capture_gas(amount_human numeric(6,2))",
	"public action_costing_gas()",
	"public action_costing_idos_token(amount numeric(78,0))",
	"public view get_issuer_fee(credential_id uuid) -> (issuer_fee numeric(78,0))",
	"private capture_fee(credential_id uuid)",
	"public action_costing_fee(credential_id uuid)",
	"owner public request_balance_withdrawal(token text, evm_address_to text)",
}

// Actions that only this schema has; nobody else can call them.
var helpers = []string{
	"private view wallet_of(identifier text) -> (id uuid, user_id uuid, wallet_type text, public_key text)",
	"private view caller_user() -> (user_id uuid)",
	"private view check_wallet(id uuid, address text, public_key text, wallet_type text, message text, " +
		"signature text)",
	"private view id_in_notes(public_notes text) -> (id text)",
	"private view check_write_grant(issuer_auth_public_key text, dwg_owner text, dwg_grantee text, " +
		"dwg_issuer_public_key text, dwg_id uuid, dwg_access_grant_timelock text, dwg_not_before text, " +
		"dwg_not_after text, dwg_signature text) -> (owner_id uuid, locked_until int8)",
	"private use_write_grant(original_id uuid, copy_id uuid, locked_until int8, content_hash text, dwg_owner text, " +
		"dwg_grantee text, dwg_issuer_public_key text, dwg_id uuid, dwg_access_grant_timelock text, " +
		"dwg_not_before text, dwg_not_after text)",
	"private pay(token text)",
}

// What the actions say when they refuse. Clients compare these texts.
var refusals = []string{
	"Can not edit shared attribute",
	"Unauthorized inserter",
	"You can not delete a wallet you are connected with. To delete this wallet you have to connect other wallet.",
	"a copy credential signature is wrong",
	"a grant with the same grantee, copy_credential_id, and locked_until already exists",
	"an original credential signature is wrong",
	"can not edit shared credential",
	"can not find the credential shared to you",
	"credential not found",
	"credentials issuer must be an issuer of delegated write grant",
	"dag_owner not found",
	"dwg_not_before must be before dwg_not_after",
	"dwg_owner not found",
	"invalid token",
	"no wallet with balance found",
	"not_usable_before must be before not_usable_after",
	"original credential does not belong to the caller",
	"page has to be a positive integer",
	"shared credentials cannot have public_notes, it must be an empty string",
	"signature is wrong",
	"size has to be a positive integer",
	"the access grant not found",
	"the credential does not belong to the caller",
	"the credential does not exist",
	"the credential is not shared with the caller",
	"the credential, that the AG is for, does not exist",
	"the dag_signature is invalid",
	"the data_id does not belong to the owner",
	"the grant is locked",
	"there are locked access grants for this credential",
	"this write grant can only be used after dwg_not_before and before dwg_not_after",
	"unsupported wallet type",
	"verify owner failed",
	"wallet address already exists in idos",
	"wallet is invalid",
	"wallet public key already exists in idos",
	"wallet require a public_key to be given",
}

func TestTheActionsAreThePublishedOnes(t *testing.T) {
	var is []string
	for _, action := range actions(t) {
		is = append(is, signature(action))
	}
	should := slices.Concat(published, helpers)
	for _, missing := range without(should, is) {
		t.Errorf("missing: %s", missing)
	}
	for _, surplus := range without(is, should) {
		t.Errorf("surplus: %s", surplus)
	}
	if len(is) != len(should) {
		t.Errorf("%d actions instead of %d: one is there twice", len(is), len(should))
	}
}

func TestRefusalsAreThePublishedOnes(t *testing.T) {
	said := map[string]bool{}
	for _, action := range actions(t) {
		for _, call := range calls(action) {
			if call.Namespace == "" && call.Name == "error" {
				said[call.Args[0].(*parse.ExpressionLiteral).Value.(string)] = true
			}
		}
	}
	if is := slices.Sorted(maps.Keys(said)); !slices.Equal(is, refusals) {
		t.Errorf("missing: %q, surplus: %q", without(refusals, is), without(is, refusals))
	}
}

// The engine looks for what an action calls only when it gets there.
func TestWhatActionsCallIsThereAndTakesAsMuch(t *testing.T) {
	takes := map[string]int{}
	for _, action := range actions(t) {
		takes[action.Name] = len(action.Parameters)
	}
	for _, method := range extension(t).Methods {
		takes["idos."+method.Name] = len(method.Parameters)
	}
	for _, action := range actions(t) {
		for _, call := range calls(action) {
			name := call.Name
			if call.Namespace != "" {
				name = call.Namespace + "." + name
			}
			if parameters, ok := takes[name]; ok {
				if len(call.Args) != parameters {
					t.Errorf("%s calls %s with %d arguments instead of %d", action.Name, name, len(call.Args), parameters)
				}
			} else if _, ok := engine.Functions[name]; !ok {
				t.Errorf("%s calls %s, which there is not", action.Name, name)
			}
		}
	}
}

// A node that runs a statement for a view first keeps it without the order that the engine adds for consensus. Where
// which rows come first makes a difference, the statement itself must say so.
func TestRowsAreChosenInAnOrder(t *testing.T) {
	for _, action := range actions(t) {
		for _, found := range find[*parse.SelectStatement](action) {
			if found.Limit != nil && len(found.Ordering) == 0 && !isExistenceCheck(action, found) {
				t.Errorf("%s takes some rows in no order", action.Name)
			}
		}
		for _, returned := range find[*parse.ActionStmtReturn](action) {
			if returned.SQL == nil || action.Returns == nil || !action.Returns.IsTable {
				continue
			}
			if statement, ok := returned.SQL.SQL.(*parse.SelectStatement); !ok || len(statement.Ordering) == 0 {
				if action.Name != "get_credential_owned" { // one row, by its key
					t.Errorf("%s returns rows in no order", action.Name)
				}
			}
		}
	}
}

// isExistenceCheck tells loops of at most one round that read nothing of their row.
func isExistenceCheck(action *parse.CreateActionStatement, statement *parse.SelectStatement) bool {
	for _, loop := range find[*parse.ActionStmtForLoop](action) {
		term, ok := loop.LoopTerm.(*parse.LoopTermSQL)
		if ok && term.Statement.SQL == parse.SQLCore(statement) {
			return len(find[*parse.ExpressionFieldAccess](loop.Body)) == 0
		}
	}
	return false
}

func TestTheMountIsFirst(t *testing.T) {
	parts, err := read()
	if err != nil {
		t.Fatal(err)
	}
	statements, err := parse.Parse(parts[0].sql)
	if err != nil {
		t.Fatal(err)
	}
	if use, ok := statements[0].(*parse.UseExtensionStatement); !ok || use.Alias != "idos" || !use.IfNotExists {
		t.Errorf("%q does not mount the extension", parts[0].sql)
	}
	if !strings.Contains(parts[1].name, "tables") {
		t.Errorf("%s is before the tables", parts[1].name)
	}
}

// actions are those of all files, parsed as kwild does it.
func actions(t *testing.T) []*parse.CreateActionStatement {
	t.Helper()
	parts, err := read()
	if err != nil {
		t.Fatal(err)
	}
	var actions []*parse.CreateActionStatement
	for _, part := range parts {
		statements, err := parse.Parse(part.sql)
		if err != nil {
			t.Fatalf("%s: %v", part.name, err)
		}
		for _, statement := range statements {
			if action, ok := statement.(*parse.CreateActionStatement); ok {
				actions = append(actions, action)
			}
		}
	}
	return actions
}

func extension(t *testing.T) precompiles.Precompile {
	t.Helper()
	if _, ok := precompiles.RegisteredPrecompiles()["idos"]; !ok {
		if err := idos.Register(); err != nil {
			t.Fatal(err)
		}
	}
	precompile, err := precompiles.RegisteredPrecompiles()["idos"](context.Background(), nil, nil, "idos", nil)
	if err != nil {
		t.Fatal(err)
	}
	return precompile
}

// signature writes an action as the tables above do.
func signature(action *parse.CreateActionStatement) string {
	line := fmt.Sprintf("%s %s(%s)", strings.Join(action.Modifiers, " "), action.Name, fields(action.Parameters))
	if action.Returns == nil {
		return line
	}
	table := ""
	if action.Returns.IsTable {
		table = "table "
	}
	return fmt.Sprintf("%s -> %s(%s)", line, table, fields(action.Returns.Fields))
}

func fields(named []*engine.NamedType) string {
	var list []string
	for _, field := range named {
		list = append(list, strings.TrimPrefix(field.Name, "$")+" "+field.Type.String())
	}
	return strings.Join(list, ", ")
}

func calls(action *parse.CreateActionStatement) []*parse.ExpressionFunctionCall {
	return find[*parse.ExpressionFunctionCall](action)
}

// find gives every part of that type in a syntax tree.
func find[T any](tree any) []T {
	var found []T
	var walk func(reflect.Value)
	walk = func(value reflect.Value) {
		switch value.Kind() {
		case reflect.Interface, reflect.Pointer:
			if value.IsNil() {
				return
			}
			if value.CanInterface() {
				if part, ok := value.Interface().(T); ok && value.Kind() == reflect.Pointer {
					found = append(found, part)
				}
			}
			walk(value.Elem())
		case reflect.Struct:
			for i := range value.NumField() {
				walk(value.Field(i))
			}
		case reflect.Slice, reflect.Array:
			for i := range value.Len() {
				walk(value.Index(i))
			}
		}
	}
	walk(reflect.ValueOf(tree))
	return found
}

func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(line string) bool { return slices.Contains(some, line) })
}
