package idos

import (
	"encoding/base64"
	"strings"
)

// decodeBase64 reads the standard alphabet with its padding, and nothing else: Go's reader would skip line breaks.
func decodeBase64(text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	bytes, err := base64.StdEncoding.Strict().DecodeString(text)
	return bytes, err == nil
}
