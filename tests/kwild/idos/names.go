package idos

import (
	"encoding/base32"
	"slices"
	"strings"
)

// cidPrefixes are what the identifiers that blob gateways compute begin with: version 1, raw or dag-pb, SHA-256 of 32
// bytes.
var cidPrefixes = []string{"\x01\x55\x12\x20", "\x01\x70\x12\x20"}

// isContentURI is the function is_content_uri: whether a text is ipfs:// and such an identifier, in base32 in lower case.
// Its name is ours: what idOS' nodes check is not known.
func isContentURI(uri *string) bool {
	if uri == nil {
		return false
	}
	digits, ok := strings.CutPrefix(*uri, "ipfs://b")
	if !ok || digits != strings.ToLower(digits) {
		return false
	}
	encoding := base32.StdEncoding.WithPadding(base32.NoPadding)
	cid, err := encoding.DecodeString(strings.ToUpper(digits))
	// Go's reader passes over line breaks and bits that are left over.
	if err != nil || len(cid) != 36 || strings.ToLower(encoding.EncodeToString(cid)) != digits {
		return false
	}
	return slices.Contains(cidPrefixes, string(cid[:4]))
}
