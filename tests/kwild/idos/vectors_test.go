package idos

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/kwilteam/kwil-db/extensions/auth"
)

// readVectors reads a file that was recorded from the JavaScript SDK and its Kwil client.
func readVectors(t testing.TB, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "vectors", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// proof is what is_wallet_valid is asked about.
type proof struct {
	walletType, address string
	publicKey           *string
	message, signature  string
}

func (p proof) isValid() bool {
	return isWalletValid(&p.address, p.publicKey, &p.walletType, &p.message, &p.signature)
}

// identifier is what idOS calls the owner of the wallet.
func (p proof) identifier() string {
	switch p.walletType {
	case "NEAR", "FaceSign":
		return *p.publicKey
	default:
		return p.address
	}
}

func (p proof) isSigned() bool {
	return isSignedBy(walletType(p.walletType), p.identifier(), p.publicKey, p.message, p.signature)
}

// kwilVectors is what these tests need of kwil.json.
type kwilVectors struct {
	Keys struct {
		Issuer string `json:"issuer_auth_public_key"`
	} `json:"keys"`
	Encryption struct {
		Original signedRow `json:"original"`
		Copy     signedRow `json:"copy"`
	} `json:"encryption"`
	WalletProofs struct {
		EVM           proofRow `json:"evm"`
		FaceSign      proofRow `json:"facesign"`
		Near          proofRow `json:"near"`
		XrplEd25519   proofRow `json:"xrpl_ed25519"`
		XrplSecp256k1 proofRow `json:"xrpl_secp256k1"`
		Stellar       struct {
			proofRow
			HexKey         string `json:"raw_public_key_hex"`
			PlainSignature string `json:"raw_ed25519_signature_hex"`
			Sep53Signature string `json:"sep53_signature_hex"`
		} `json:"stellar"`
		NearKnown map[string]json.RawMessage `json:"near_known"`
	} `json:"wallet_proofs"`
	Vectors []struct {
		ID        string `json:"id"`
		SignText  string `json:"sign_text"`
		Broadcast struct {
			Tx *txRow `json:"tx"`
		} `json:"broadcast_params"`
	} `json:"vectors"`
}

type proofRow struct {
	Address        string `json:"address"`
	AddressExample string `json:"address_example"`
	PublicKey      string `json:"public_key"`
	Message        string `json:"message"`
	Signature      string `json:"signature"`
	SignatureField string `json:"signature_field"`
}

type signedRow struct {
	Content              string `json:"content_base64"`
	PublicNotes          string `json:"public_notes"`
	PublicNotesSignature string `json:"public_notes_signature"`
	BroaderSignature     string `json:"broader_signature"`
}

func (r signedRow) isGenuine(key string) bool {
	return isCredentialGenuine(&key, &r.PublicNotes, &r.PublicNotesSignature, &r.Content, &r.BroaderSignature)
}

type txRow struct {
	Signature struct {
		Sig  string `json:"sig"`
		Type string `json:"type"`
	} `json:"signature"`
	Sender string `json:"sender"`
}

// goodProofs are the proofs of kwil.json, every wallet type and every kind of key and signature.
func goodProofs(t testing.TB) map[string]proof {
	t.Helper()
	var file kwilVectors
	readVectors(t, "kwil.json", &file)
	rows := file.WalletProofs
	of := func(walletType string, row proofRow) proof {
		return proof{walletType, row.Address, &row.PublicKey, row.Message, row.Signature}
	}
	proofs := map[string]proof{
		"evm":            of("EVM", rows.EVM),
		"facesign":       of("FaceSign", rows.FaceSign),
		"xrpl ed25519":   of("XRPL", rows.XrplEd25519),
		"xrpl secp256k1": of("XRPL", rows.XrplSecp256k1),
		"near": {
			"NEAR", rows.Near.AddressExample, &rows.Near.PublicKey, rows.Near.Message, rows.Near.SignatureField,
		},
	}
	evm := proofs["evm"]
	evm.publicKey = nil
	proofs["evm"] = evm
	s := rows.Stellar
	for name, key := range map[string]*string{"G…": &s.Address, "hex": &s.HexKey} {
		for kind, signature := range map[string]string{"plain": s.PlainSignature, "sep53": s.Sep53Signature} {
			proofs["stellar "+kind+" hex, key "+name] = proof{"Stellar", s.Address, key, s.Message, signature}
			proofs["stellar "+kind+" base64, key "+name] = proof{
				"Stellar", s.Address, key, s.Message, base64.StdEncoding.EncodeToString(unhex(t, signature)),
			}
		}
	}
	return proofs
}

func TestEveryWalletProofVerifies(t *testing.T) {
	for name, proof := range goodProofs(t) {
		if !proof.isValid() {
			t.Errorf("%s: the proof is refused", name)
		}
		if !proof.isSigned() {
			t.Errorf("%s: the signature of a known wallet is refused", name)
		}
	}
}

// A known signature, which is published without its 0x.
func TestKnownEvmSignature(t *testing.T) {
	bare := "b98c74a03e9de2b99dac504eb0e63cfe464fa8b9cafc63c913efa6122815ad5a3560e90ce1367185b40fc58924a69a6f" +
		"f975d62a73f3866b5ea003844ed113291b"
	known := proof{"EVM", "0x01ab2a7a29fdc3a3ad10e3ea07f2c7882b76b2e2", nil, "test message", "0x" + bare}
	if !known.isValid() {
		t.Error("refused with its 0x")
	}
	known.signature = bare
	if known.isValid() {
		t.Error("accepted without its 0x")
	}
}

func TestKnownNearSignatures(t *testing.T) {
	var file kwilVectors
	readVectors(t, "kwil.json", &file)
	known := file.WalletProofs.NearKnown
	var address, publicKey string
	for name, into := range map[string]*string{"public_key_hex": &address, "public_key": &publicKey} {
		if err := json.Unmarshal(known[name], into); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"with_callback", "base64_message", "base64_message_long_callback"} {
		var row struct {
			Message   string  `json:"message"`
			Callback  *string `json:"callbackUrl"`
			Borsh     string  `json:"borsh_hex"`
			SHA256    string  `json:"sha256"`
			Signature string  `json:"signature_b64"`
		}
		if err := json.Unmarshal(known[name], &row); err != nil {
			t.Fatal(err)
		}
		borsh := unhex(t, row.Borsh)
		blob := append(binary.BigEndian.AppendUint16(nil, uint16(len(borsh))), borsh...)
		blob = append(blob, unbase64(t, row.Signature)...)

		signed, ok := readSignedPayload(blob)
		if !ok {
			t.Fatalf("%s: not read", name)
		}
		callback := ""
		if row.Callback != nil {
			callback = *row.Callback
		}
		if string(signed.recipient) != "idos.network" || string(signed.callbackURL) != callback {
			t.Errorf("%s: read as %+v", name, signed)
		}
		if digest := signed.digest([]byte(row.Message)); hex.EncodeToString(digest[:]) != row.SHA256 {
			t.Errorf("%s: digest %x", name, digest)
		}
		proof := proof{"NEAR", address, &publicKey, row.Message, hex.EncodeToString(blob)}
		if !proof.isValid() {
			t.Errorf("%s: refused", name)
		}
	}
}

// sdkProofs are the proofs of sdk/wallets.json, with the verdict of the SDK.
func sdkProofs(t testing.TB) []struct {
	proof
	name     string
	accepted bool
} {
	t.Helper()
	var file struct {
		Vectors []struct {
			Name    string `json:"name"`
			Payload struct {
				WalletType string `json:"wallet_type"`
				Address    string `json:"address"`
				Message    string `json:"message"`
				Signature  string `json:"signature"`
				// PublicKey has one element, or none for null.
				PublicKey []string `json:"public_key"`
			} `json:"payload"`
			SDKResult any `json:"sdk_result"` // true, false or "throws"
		} `json:"vectors"`
	}
	readVectors(t, "sdk/wallets.json", &file)
	proofs := make([]struct {
		proof
		name     string
		accepted bool
	}, len(file.Vectors))
	for i, row := range file.Vectors {
		given := proof{row.Payload.WalletType, row.Payload.Address, nil, row.Payload.Message, row.Payload.Signature}
		if len(row.Payload.PublicKey) > 0 {
			given.publicKey = &row.Payload.PublicKey[0]
		}
		proofs[i].proof, proofs[i].name, proofs[i].accepted = given, row.Name, row.SDKResult == true
	}
	return proofs
}

// Where the verdict differs from the SDK's, and why; the same as in crates/idos-wallet/tests/sdk_vectors.rs.
var unlikeTheSDK = map[string]string{
	"near_malleated_S_plus_L":                "S is not canonical",
	"xrpl_ed25519_any_address":               "the address is not that of the key",
	"stellar_public_key_G_address":           "accepted: the schema's comments have the key as a G… address",
	"stellar_trailing_non_hex_ignored":       "something follows the hexadecimal digits",
	"stellar_base64_signature":               "accepted: wallets hand out base64",
	"facesign_any_address":                   "the address is not the key",
	"facesign_malleated_S_plus_L":            "S is not canonical",
	"facesign_small_order_key_other_message": "the key is of low order: one signature fits every message",
}

func TestEveryProofOfTheSDKGetsTheVerdictOfTheDevelopmentNode(t *testing.T) {
	rows := sdkProofs(t)
	if len(rows) != 70 {
		t.Errorf("%d rows: new ones have to be judged here", len(rows))
	}
	differing := 0
	for _, row := range rows {
		reason, differs := unlikeTheSDK[row.name]
		if row.isValid() != (row.accepted != differs) {
			t.Errorf("%s: %t, the SDK says %t; known difference: %q", row.name, row.isValid(), row.accepted, reason)
		}
		if differs {
			differing++
		}
	}
	if differing != len(unlikeTheSDK) {
		t.Error("a row with a known difference is missing")
	}
}

// transactions are the recorded ones of the types that are verified here, and those of kwild itself.
func transactions(t testing.TB) map[string]struct {
	tx   txRow
	text string
} {
	t.Helper()
	var file kwilVectors
	readVectors(t, "kwil.json", &file)
	found := map[string]struct {
		tx   txRow
		text string
	}{}
	for _, row := range file.Vectors {
		if row.Broadcast.Tx != nil {
			found[row.ID] = struct {
				tx   txRow
				text string
			}{*row.Broadcast.Tx, row.SignText}
		}
	}
	return found
}

func TestRecordedTransactionsVerifyAndNameTheirCaller(t *testing.T) {
	callers := map[string]string{
		"nep413":       "ed25519:FAe4sisG95oZ42w7buUn5qEE4TAnfTTFPiguZUHmhiF",
		"xrpl":         "rGhPZZXk2hU4sUYxpERgKuDmzLzNcefWGq",
		"secp256k1_ep": "0xc89D42189f0450C2b2c3c61f58Ec5d628176A1E7",
		"ed25519":      "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
	}
	seen := map[string]int{}
	for id, row := range transactions(t) {
		kind := row.tx.Signature.Type
		authenticator, ok := authenticators[kind]
		if !ok {
			var err error
			if authenticator, err = auth.GetAuthenticator(kind); err != nil {
				t.Fatalf("%s: %v", id, err)
			}
		}
		sender, signature := unhex(t, row.tx.Sender), unbase64(t, row.tx.Signature.Sig)
		if err := authenticator.Verify(sender, []byte(row.text), signature); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if caller, err := authenticator.Identifier(sender); err != nil || caller != callers[kind] {
			t.Errorf("%s: caller %q, %v", id, caller, err)
		}
		if authenticator.Verify(sender, []byte(row.text+" "), signature) == nil {
			t.Errorf("%s: another text is accepted", id)
		}
		seen[kind]++
	}
	if seen["nep413"] != 1 || seen["xrpl"] != 1 || seen["secp256k1_ep"] != 1 || seen["ed25519"] != 38 {
		t.Errorf("transactions of each type: %v", seen)
	}
}

func TestSep53TransactionsAreSignedByTheDigestAndByNothingElse(t *testing.T) {
	var file kwilVectors
	readVectors(t, "kwil.json", &file)
	row := file.WalletProofs.Stellar
	sender, message := []byte(row.Address), []byte(row.Message)
	if err := authenticators[Sep53].Verify(sender, message, unhex(t, row.Sep53Signature)); err != nil {
		t.Error(err)
	}
	// A plain signature will do for a proof, but not under this type.
	if authenticators[Sep53].Verify(sender, message, unhex(t, row.PlainSignature)) == nil {
		t.Error("a plain signature is accepted")
	}
	if caller, err := authenticators[Sep53].Identifier(sender); err != nil || caller != row.Address {
		t.Errorf("caller %q, %v", caller, err)
	}
}

func TestAnXrplTransactionMayBeSignedOnSecp256k1(t *testing.T) {
	var file kwilVectors
	readVectors(t, "kwil.json", &file)
	row := file.WalletProofs.XrplSecp256k1
	sender := unhex(t, row.PublicKey)
	if err := authenticators[Xrpl].Verify(sender, []byte(row.Message), unhex(t, row.Signature)); err != nil {
		t.Error(err)
	}
	if caller, err := authenticators[Xrpl].Identifier(sender); err != nil || caller != row.Address {
		t.Errorf("caller %q, %v", caller, err)
	}
}

// genuineCredentials are rows of the vectors, and the key that signed them.
func genuineCredentials(t testing.TB) map[string]struct {
	key string
	row signedRow
} {
	t.Helper()
	type genuine = struct {
		key string
		row signedRow
	}
	var kwil kwilVectors
	readVectors(t, "kwil.json", &kwil)
	rows := map[string]genuine{
		"original": {kwil.Keys.Issuer, kwil.Encryption.Original},
		"copy":     {kwil.Keys.Issuer, kwil.Encryption.Copy},
	}

	var sdk struct {
		Insertable []struct {
			Name   string `json:"name"`
			Result struct {
				signedRow
				// The rows of this file call it content.
				RowContent string `json:"content"`
				Key        string `json:"issuer_auth_public_key"`
			} `json:"result"`
		} `json:"insertable"`
		Granted []struct {
			Name string `json:"name"`
			Call struct {
				Inputs struct {
					Key                  string `json:"issuer_auth_public_key"`
					Content              string `json:"original_content"`
					PublicNotes          string `json:"original_public_notes"`
					PublicNotesSignature string `json:"original_public_notes_signature"`
					BroaderSignature     string `json:"original_broader_signature"`
					CopyContent          string `json:"copy_content"`
					CopyNotesSignature   string `json:"copy_public_notes_signature"`
					CopyBroaderSignature string `json:"copy_broader_signature"`
				} `json:"inputs"`
			} `json:"kwil_execute_call"`
		} `json:"create_credentials_by_dwg"`
	}
	readVectors(t, "sdk/insertable.json", &sdk)
	for _, row := range sdk.Insertable {
		row.Result.Content = row.Result.RowContent
		rows["insertable "+row.Name] = genuine{row.Result.Key, row.Result.signedRow}
	}
	for _, row := range sdk.Granted {
		in := row.Call.Inputs
		rows["granted original "+row.Name] = genuine{in.Key, signedRow{
			Content: in.Content, PublicNotes: in.PublicNotes, PublicNotesSignature: in.PublicNotesSignature,
			BroaderSignature: in.BroaderSignature,
		}}
		rows["granted copy "+row.Name] = genuine{in.Key, signedRow{
			Content: in.CopyContent, PublicNotes: "", PublicNotesSignature: in.CopyNotesSignature,
			BroaderSignature: in.CopyBroaderSignature,
		}}
	}
	if len(rows) != 11 {
		t.Errorf("%d credentials", len(rows))
	}
	return rows
}

func TestCredentialsOfTheSDKAreGenuine(t *testing.T) {
	for name, genuine := range genuineCredentials(t) {
		if !genuine.row.isGenuine(genuine.key) {
			t.Errorf("%s is refused", name)
		}
	}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	bytes, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

func unbase64(t testing.TB, text string) []byte {
	t.Helper()
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}
