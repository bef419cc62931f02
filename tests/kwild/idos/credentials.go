package idos

import (
	"encoding/hex"
	"encoding/json"
)

// isCredentialGenuine is the function assert_credential_signatures: whether both signatures of a credential are
// by the key of its issuer. The first is over the public notes (which are empty for copies), the second over the
// 64 raw bytes of the first and the raw bytes of the content.
//
// Whether idOS' nodes answer false to malformed input or fail is not known; here, as in the development node, it
// is false.
func isCredentialGenuine(
	issuerAuthPublicKey, publicNotes, publicNotesSignature, content, broaderSignature *string,
) bool {
	if content == nil {
		return false
	}
	rawContent, ok := decodeBase64(*content)
	return ok && areBySameKey(issuerAuthPublicKey, publicNotes, publicNotesSignature, rawContent, broaderSignature)
}

// isCredentialNamed is the function assert_reference_signatures: the same for a credential whose content is elsewhere,
// where the second signature is over the first one and the content's URI. Its name is ours: that of idOS' nodes is not
// known.
func isCredentialNamed(
	issuerAuthPublicKey, publicNotes, publicNotesSignature, contentURI, broaderSignature *string,
) bool {
	return contentURI != nil &&
		areBySameKey(issuerAuthPublicKey, publicNotes, publicNotesSignature, []byte(*contentURI), broaderSignature)
}

// areBySameKey tells whether the key has signed the notes, and that signature together with what else is covered.
func areBySameKey(
	issuerAuthPublicKey, publicNotes, publicNotesSignature *string, covered []byte, broaderSignature *string,
) bool {
	if issuerAuthPublicKey == nil || publicNotes == nil || publicNotesSignature == nil || broaderSignature == nil {
		return false
	}
	key, err := hex.DecodeString(*issuerAuthPublicKey)
	if err != nil {
		return false
	}
	notesSignature, ok := decodeBase64(*publicNotesSignature)
	if !ok || !verifyEd25519(key, []byte(*publicNotes), notesSignature) {
		return false
	}
	signature, ok := decodeBase64(*broaderSignature)
	return ok && verifyEd25519(key, append(notesSignature, covered...), signature)
}

// verifiableCredentialID is the function get_verifiable_credential_id: the member id of the notes if they are a
// JSON object and it is a string, otherwise nothing, which the schema turns into null.
func verifiableCredentialID(publicNotes *string) string {
	if publicNotes == nil || !isPlainJSON(*publicNotes) {
		return ""
	}
	// Into a map, since the members of a struct are found in any letter case. Of two members of one name the
	// last counts.
	var notes map[string]any
	if json.Unmarshal([]byte(*publicNotes), &notes) != nil {
		return ""
	}
	id, _ := notes["id"].(string)
	return id
}

// maxJSONDepth is how deep objects and arrays may be nested: what the JSON reader of the development node takes.
const maxJSONDepth = 127

// isPlainJSON is false for JSON that Go's reader takes and the development node's does not: very deep nesting,
// and escapes of half a surrogate pair, for which Go puts a character that nobody wrote. Of text that is no JSON
// it may say anything.
func isPlainJSON(text string) bool {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			inString = !inString
		case !inString && (c == '{' || c == '['):
			if depth++; depth > maxJSONDepth {
				return false
			}
		case !inString && (c == '}' || c == ']'):
			depth--
		case inString && c == '\\':
			unit, isUnit := codeUnit(text[i:])
			switch {
			case !isUnit:
				i++ // the escaped character
			case unit < 0xD800 || unit > 0xDFFF:
				i += 5
			default:
				low, isUnit := codeUnit(text[min(i+6, len(text)):])
				if unit > 0xDBFF || !isUnit || low < 0xDC00 || low > 0xDFFF {
					return false
				}
				i += 11
			}
		}
	}
	return true
}

// codeUnit reads an escape \uXXXX at the beginning of the text.
func codeUnit(text string) (unit uint16, ok bool) {
	if len(text) < 6 || text[:2] != `\u` {
		return 0, false
	}
	bytes, err := hex.DecodeString(text[2:6])
	if err != nil {
		return 0, false
	}
	return uint16(bytes[0])<<8 | uint16(bytes[1]), true
}
