package schema

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kwilteam/kwil-db/core/types/validation"
	"github.com/kwilteam/kwil-db/node/engine"
	"github.com/kwilteam/kwil-db/node/engine/parse"
)

// What upstream's next version has besides, or with other columns, as its clients have it. These files are no part of a
// network's genesis: its owner runs them.
var publishedNext = []string{
	"public create_preliminary_credentials_by_dwg(request_id uuid, issuer_auth_public_key text, " +
		"original_encryptor_public_key text, original_id uuid, original_content_uri text, " +
		"original_content_size int8, original_public_notes text, original_public_notes_signature text, " +
		"original_broader_signature text, copy_encryptor_public_key text, copy_id uuid, copy_content_uri text, " +
		"copy_content_size int8, copy_public_notes_signature text, copy_broader_signature text, content_hash text, " +
		"dwg_owner text, dwg_grantee text, dwg_issuer_public_key text, dwg_id uuid, " +
		"dwg_access_grant_timelock text, dwg_not_before text, dwg_not_after text, dwg_signature text)",
	"public create_preliminary_credential(request_id uuid, credential_id uuid, issuer_auth_public_key text, " +
		"encryptor_public_key text, content_uri text, content_size int8, content_hash text, public_notes text, " +
		"public_notes_signature text, broader_signature text)",
	"public share_preliminary_credential(request_id uuid, copy_id uuid, original_id uuid, public_notes text, " +
		"public_notes_signature text, broader_signature text, content_uri text, content_size int8, " +
		"content_hash text, encryptor_public_key text, issuer_auth_public_key text, " +
		"grantee_wallet_identifier text, locked_until int8)",
	"public view get_credentials() -> table (id uuid, user_id uuid, public_notes text, content_uri text, " +
		"content_size int8, issuer_auth_public_key text, inserter_type text, inserter_id text, original_id uuid)",
	"public view get_credentials_shared_by_user(user_id uuid, original_issuer_auth_public_key text) -> " +
		"table (id uuid, user_id uuid, public_notes text, encryptor_public_key text, issuer_auth_public_key text, " +
		"inserter_type text, inserter_id text, original_id uuid)",
	"public view get_credential_owned(id uuid) -> table (id uuid, user_id uuid, public_notes text, content text, " +
		"content_uri text, content_size int8, encryptor_public_key text, issuer_auth_public_key text, " +
		"inserter_type text, inserter_id text)",
	"public view get_credential_shared(id uuid) -> table (id uuid, user_id uuid, public_notes text, content text, " +
		"content_uri text, content_size int8, encryptor_public_key text, issuer_auth_public_key text, " +
		"inserter_type text, inserter_id text)",
}

// Actions that only these files have; nobody else can call them.
var helpersNext = []string{
	"private add_named_credential(id uuid, issuer_auth_public_key text, encryptor_public_key text, content_uri text, " +
		"content_size int8, public_notes text, public_notes_signature text, broader_signature text)",
	"private view check_content_name(content_uri text, content_size int8)",
}

// What is gone.
var gone = []string{
	"add_credential", "create_ag_by_dag_for_copy", "create_credentials_by_dwg", "dag_message", "edit_credential",
	"share_credential", "upsert_credential_as_inserter",
}

// kwild as it is published takes no names of more than 32 characters, and one of these has 37. tests/kwild/build makes a
// kwild that does, and a go.mod for these tests beside it.
func TestNextNeedsLongerNames(t *testing.T) {
	_, err := parse.Parse("CREATE ACTION create_preliminary_credentials_by_dwg() PUBLIC {};")
	if takesLongNames := err == nil; takesLongNames != (validation.MAX_IDENT_NAME_LENGTH == 63) {
		t.Errorf("%d characters: %v", validation.MAX_IDENT_NAME_LENGTH, err)
	}
}

func TestTheNextActionsAreThePublishedOnes(t *testing.T) {
	made, _ := next(t)
	var is []string
	for _, action := range made {
		is = append(is, signature(action))
	}
	should := slices.Concat(publishedNext, helpersNext)
	for _, missing := range without(should, is) {
		t.Errorf("missing: %s", missing)
	}
	for _, surplus := range without(is, should) {
		t.Errorf("surplus: %s", surplus)
	}
}

func TestWhatIsGoneIsNotCalledByWhatStays(t *testing.T) {
	made, dropped := next(t)
	slices.Sort(dropped)
	if !slices.Equal(dropped, gone) {
		t.Errorf("dropped: %q", dropped)
	}
	takes := map[string]int{}
	stays := made
	for _, action := range actions(t) {
		isMadeAnew := slices.ContainsFunc(made, func(other *parse.CreateActionStatement) bool {
			return other.Name == action.Name
		})
		if !slices.Contains(dropped, action.Name) && !isMadeAnew {
			stays = append(stays, action)
		}
	}
	for _, action := range stays {
		takes[action.Name] = len(action.Parameters)
	}
	for _, method := range extension(t).Methods {
		takes["idos."+method.Name] = len(method.Parameters)
	}
	for _, action := range stays {
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

// next gives the actions that the files make, and the names of those that they drop.
func next(t *testing.T) (made []*parse.CreateActionStatement, dropped []string) {
	t.Helper()
	if validation.MAX_IDENT_NAME_LENGTH < 63 {
		t.Skip("run with -modfile target/kwild/next/go.mod")
	}
	paths, err := filepath.Glob("next/*.sql")
	if err != nil || len(paths) != 2 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		sql, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		statements, err := parse.Parse(string(sql))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, statement := range statements {
			switch statement := statement.(type) {
			case *parse.CreateActionStatement:
				made = append(made, statement)
			case *parse.DropActionStatement:
				dropped = append(dropped, strings.ToLower(statement.Name))
			}
		}
	}
	return made, dropped
}
