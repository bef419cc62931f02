package idos

import (
	"errors"
	"strings"
	"testing"

	"github.com/kwilteam/kwil-db/core/crypto"
	"github.com/kwilteam/kwil-db/extensions/auth"
	"github.com/kwilteam/kwil-db/extensions/precompiles"
)

// call does to a function of the extension what the engine does.
func call(t testing.TB, name string, inputs ...any) (any, error) {
	t.Helper()
	for _, method := range methods() {
		if method.Name != name {
			continue
		}
		if len(inputs) != len(method.Parameters) {
			t.Fatalf("%s takes %d arguments", name, len(method.Parameters))
		}
		for i, input := range inputs {
			if input == nil && !method.Parameters[i].Nullable {
				return nil, errNull
			}
		}
		var result []any
		err := method.Handler(nil, nil, inputs, func(values []any) error {
			if result != nil {
				t.Errorf("%s answers twice", name)
			}
			result = values
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(result) != 1 {
			t.Fatalf("%s answers %v", name, result)
		}
		return result[0], nil
	}
	t.Fatalf("there is no %s", name)
	return nil, nil
}

var errNull = errors.New("the engine refuses the null")

func TestRegister(t *testing.T) {
	if err := Register(); err != nil {
		t.Fatal(err)
	}
	if Register() == nil {
		t.Error("a second registration goes unnoticed")
	}
	if precompiles.RegisteredPrecompiles()["idos"] == nil {
		t.Error("the extension is not registered")
	}
	for _, name := range []string{"nep413", "xrpl", "sep53"} {
		if !auth.IsAuthTypeValid(name) {
			t.Errorf("%s is not registered", name)
		}
		if kind, err := auth.GetAuthenticatorKeyType(name); err != nil || kind != crypto.KeyTypeEd25519 {
			t.Errorf("%s: key type %q, %v", name, kind, err)
		}
	}
	sender := unhex(t, "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
	if caller, err := auth.GetIdentifier("nep413", sender); err != nil || !strings.HasPrefix(caller, "ed25519:") {
		t.Errorf("caller %q, %v", caller, err)
	}
}

// The schema calls them with these types; the engine compares them at every call.
func TestSignatures(t *testing.T) {
	expected := map[string]string{
		"is_wallet_valid":              "text? text? text? text? text? -> bool",
		"assert_credential_signatures": "text? text? text? text? text? -> bool",
		"assert_reference_signatures":  "text? text? text? text? text? -> bool",
		"is_content_uri":               "text? -> bool",
		"get_verifiable_credential_id": "text? -> text",
		"dwg_message":                  "text text text text text text text -> text",
		"dwg_verify_owner":             "text? text? text? text? text? text? text? text? text? text? -> bool",
		"dag_message":                  "text text text int8 text -> text",
		"verify_owner":                 "text? text? text? text? text? int8? text? text? -> bool",
		"parse_date":                   "text -> int8",
		"validate_not_usable_times":    "text text -> bool",
	}
	for _, method := range methods() {
		var out []string
		for _, parameter := range method.Parameters {
			name := parameter.Type.String()
			if parameter.Nullable {
				name += "?"
			}
			out = append(out, name)
		}
		result := method.Returns.Fields[0]
		signature := strings.Join(out, " ") + " -> " + result.Type.String()
		if signature != expected[method.Name] || method.Returns.IsTable || len(method.Returns.Fields) != 1 || result.Nullable {
			t.Errorf("%s: %s, %+v", method.Name, signature, method.Returns)
		}
		modifiers := precompiles.Modifiers(method.AccessModifiers)
		if !modifiers.Has(precompiles.PUBLIC) || !modifiers.Has(precompiles.VIEW) {
			t.Errorf("%s: %v", method.Name, modifiers)
		}
		delete(expected, method.Name)
	}
	if len(expected) > 0 {
		t.Errorf("missing: %v", expected)
	}
}

func TestJudgingFunctionsTakeTheirArgumentsInOrderAndAnyNull(t *testing.T) {
	near := goodProofs(t)["near"]
	credential := genuineCredentials(t)["original"]
	owner := signedByEvm(`operation: delegatedWriteGrant
owner: ` + evmAddress() + `
consumer: grantee
issuer public key: issuer
id: id
access grant timelock: timelock
not usable before: before
not usable after: after`)
	delegated := signedByEvm(`operation: delegatedAccessGrant
data id: data
owner: ` + evmAddress() + `
grantee: grantee
locked until: -7
content hash: hash`)
	for name, row := range map[string]struct {
		inputs []any
		mayBe  int // the argument that may be null, from 1
	}{
		"is_wallet_valid": {[]any{near.address, *near.publicKey, near.walletType, near.message, near.signature}, 0},
		"assert_credential_signatures": {[]any{
			credential.key, credential.row.PublicNotes, credential.row.PublicNotesSignature, credential.row.Content,
			credential.row.BroaderSignature,
		}, 0},
		"dwg_verify_owner": {[]any{
			owner.address, "EVM", nil, "grantee", "issuer", "id", "timelock", "before", "after", owner.signature,
		}, 3},
		"verify_owner": {[]any{
			delegated.address, "EVM", nil, "grantee", "data", int64(-7), "hash", delegated.signature,
		}, 3},
	} {
		if result, err := call(t, name, row.inputs...); err != nil || result != true {
			t.Errorf("%s: %v, %v", name, result, err)
		}
		for i := range row.inputs {
			if i+1 == row.mayBe {
				continue
			}
			for _, wrong := range []any{nil, "", "x", int64(0)} {
				inputs := append([]any{}, row.inputs...)
				inputs[i] = wrong
				if result, err := call(t, name, inputs...); err != nil || result != false {
					t.Errorf("%s with %#v as argument %d: %v, %v", name, wrong, i+1, result, err)
				}
			}
		}
	}
	if result, err := call(t, "get_verifiable_credential_id", nil); err != nil || result != "" {
		t.Errorf("get_verifiable_credential_id: %v, %v", result, err)
	}
}

func evmAddress() string {
	_, address := evmKey()
	return address
}

func TestGrantsAreOneLinePerFieldInTheOrderOfTheDevelopmentNode(t *testing.T) {
	dwg := []any{
		"0xAb", "03a1", "03a2", "00000000-0000-4000-8000-000000000005", "1970-01-01T00:00:00Z",
		"2026-01-02T03:04:05Z", "2026-01-03T03:04:05Z",
	}
	const dwgText = "operation: delegatedWriteGrant\nowner: 0xAb\nconsumer: 03a1\nissuer public key: 03a2\n" +
		"id: 00000000-0000-4000-8000-000000000005\naccess grant timelock: 1970-01-01T00:00:00Z\n" +
		"not usable before: 2026-01-02T03:04:05Z\nnot usable after: 2026-01-03T03:04:05Z"
	dag := []any{"0xAb", "03a1", "00000000-0000-4000-8000-000000000005", int64(1767323045), "7e51"}
	const dagText = "operation: delegatedAccessGrant\ndata id: 00000000-0000-4000-8000-000000000005\nowner: 0xAb\n" +
		"grantee: 03a1\nlocked until: 1767323045\ncontent hash: 7e51"
	names := map[string][]string{
		"dwg_message": {
			"owner", "consumer", "issuer public key", "id", "access grant timelock", "not usable before",
			"not usable after",
		},
		"dag_message": {"owner", "grantee", "data id", "locked until", "content hash"},
	}
	for function, row := range map[string]struct {
		inputs []any
		text   string
	}{"dwg_message": {dwg, dwgText}, "dag_message": {dag, dagText}} {
		if text, err := call(t, function, row.inputs...); err != nil || text != row.text {
			t.Errorf("%s: %q, %v", function, text, err)
		}
		for i := range row.inputs {
			inputs := append([]any{}, row.inputs...)
			inputs[i] = nil
			if _, err := call(t, function, inputs...); err != errNull {
				t.Errorf("%s without argument %d: %v", function, i+1, err)
			}
			if _, isText := row.inputs[i].(string); !isText {
				continue
			}
			// No value can pose as another line.
			for _, control := range []string{"\n", "\r", "\x00", "\x7f", "\u0085", "\t"} {
				inputs[i] = "a" + control + "owner: b"
				expected := function + ": the " + names[function][i] + " has a control character"
				if _, err := call(t, function, inputs...); err == nil || err.Error() != expected {
					t.Errorf("%s, argument %d with %q: %v", function, i+1, control, err)
				}
			}
			inputs[i] = "ä\u2028 " // odd, but no control characters
			if _, err := call(t, function, inputs...); err != nil {
				t.Errorf("%s, argument %d: %v", function, i+1, err)
			}
		}
	}
}

// A grant with a line break has no text, so nobody can have signed it.
func TestAGrantThatHasNoTextIsSignedByNobody(t *testing.T) {
	address := evmAddress()
	owner := grantOwner{identifier: &address, walletType: ptr("EVM")}
	dwg := writeGrant{
		owner: &address, grantee: ptr("a\nissuer public key: b"), issuerPublicKey: ptr("c"), id: ptr("d"),
		accessGrantTimelock: ptr("e"), notUsableBefore: ptr("f"), notUsableAfter: ptr("g"),
	}
	signed := signedByEvm("operation: delegatedWriteGrant\nowner: " + address + "\nconsumer: a\nissuer public key: b\n" +
		"issuer public key: c\nid: d\naccess grant timelock: e\nnot usable before: f\nnot usable after: g")
	if owner.hasSigned(dwg, &signed.signature) {
		t.Error("accepted")
	}
}

func ptr[T any](value T) *T { return &value }

// The rows of crates/idos-devnode/src/extension/dates.rs, and more.
func TestParseDate(t *testing.T) {
	for text, seconds := range map[string]int64{
		"1970-01-01T00:00:00Z": 0,
		"2026-01-02T03:04:05Z": 1_767_323_045,
		"1969-12-31T23:59:59Z": -1,
		"2024-02-29T23:59:59Z": 1_709_251_199,
		"0000-01-01T00:00:00Z": -62_167_219_200,
		"9999-12-31T23:59:59Z": 253_402_300_799,
	} {
		if result, err := call(t, "parse_date", text); err != nil || result != seconds {
			t.Errorf("%s: %v, %v", text, result, err)
		}
	}
	for _, text := range []string{
		"", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05,000Z",
		"2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+00:00", "2026-01-02 03:04:05Z", "2026-13-02T03:04:05Z",
		"2026-00-02T03:04:05Z", "2026-02-30T03:04:05Z", "2025-02-29T03:04:05Z", "2026-01-00T03:04:05Z",
		"2026-01-02T24:04:05Z", "2026-01-02T03:60:05Z", "2026-01-02T03:04:61Z", "2026-1-02T03:04:05Z",
		"2026-01-02T3:04:05Z", "2016-12-31T23:59:60Z", "-026-01-02T03:04:05Z", "+026-01-02T03:04:05Z",
		"-0001-01-02T03:04:05Z", "+10000-01-02T03:04:05Z", "2026-01-02T03:04:05z", "2026-01-02t03:04:05Z",
		" 2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z ", "2026-01-02T03:04:05Z\n", "２026-01-02T03:04:0Z",
		"2026-01-02T03:04:05Z07:00", "2026-01-02T03:04:05\x00Z",
	} {
		_, err := call(t, "parse_date", text)
		if err == nil || err.Error() != "parse_date: the time must be of the form yyyy-mm-ddThh:mm:ssZ" {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := call(t, "parse_date", nil); err != errNull {
		t.Error(err)
	}
}

func TestValidateNotUsableTimes(t *testing.T) {
	const early, late = "2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z"
	for _, row := range []struct {
		before, after any
		result        any
	}{{early, late, true}, {early, early, false}, {late, early, false}} {
		if result, err := call(t, "validate_not_usable_times", row.before, row.after); err != nil || result != row.result {
			t.Errorf("%v: %v, %v", row, result, err)
		}
	}
	for _, row := range [][2]any{{early, "tomorrow"}, {"yesterday", late}, {"", ""}} {
		if _, err := call(t, "validate_not_usable_times", row[0], row[1]); err != errDate {
			t.Errorf("%v: %v", row, err)
		}
	}
}

func TestVerifiableCredentialID(t *testing.T) {
	nested := func(depth int) string {
		return `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `,"id":"x"}`
	}
	for notes, id := range map[string]string{
		`{"id":"a","level":"basic"}`:   "a",
		` {"level":1e3,"id" : "a"} `:   "a",
		`{"id":"a","id":"b"}`:          "b",
		`{"id":"a","id":1}`:            "",
		`{"ID":"a"}`:                   "",
		`{"id":{"id":"a"}}`:            "",
		``:                             "",
		`x`:                            "",
		`null`:                         "",
		`{}`:                           "",
		`[]`:                           "",
		`"a"`:                          "",
		`{"id":1}`:                     "",
		`{"id":null}`:                  "",
		`{"id":""}`:                    "",
		`[{"id":"a"}]`:                 "",
		`{"id":"a"}x`:                  "",
		`{"id":"a",}`:                  "",
		`{'id':'a'}`:                   "",
		`{"id":"a","n":1e999}`:         "",
		"{\"id\":\"a\nb\"}":            "",
		`{"id":"\u00e4\n\"}{\\"}`:      "ä\n\"}{\\",
		`{"\u0069d":"a"}`:              "a",
		`{"id":"\ud83d\ude00"}`:        "😀",
		`{"id":"a","x":"\ud83d"}`:      "",
		`{"id":"\ude00\ud83d"}`:        "",
		`{"id":"\ud83d\ud83d\ude00"}`:  "",
		`{"id":"\ud83dx\ude00"}`:       "",
		`{"id":"\\ud83d"}`:             `\ud83d`,
		`{"id":"\ud83d\\ude00"}`:       "",
		`{"id":"[[[[","x":"]\"[{"}`:    "[[[[",
		nested(127):                    "x",
		nested(128):                    "",
		strings.Repeat("[", 100_000):   "",
		strings.Repeat(`{"a":`, 1_000): "",
		`{"id":"\u`:                    "",
		`{"id":"\`:                     "",
		`{"id":"\ud83d\u`:              "",
	} {
		if result, err := call(t, "get_verifiable_credential_id", notes); err != nil || result != id {
			t.Errorf("%.60s: %q, %v", notes, result, err)
		}
	}
}
