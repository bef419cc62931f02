package idos

import (
	"encoding/base32"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// The names that the clients of the blob gateway compute are names, and nothing beside them is.
func TestContentURIs(t *testing.T) {
	file, err := os.ReadFile("../../vectors/next/cids.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Vectors []struct {
			URI string `json:"content_uri"`
		} `json:"vectors"`
	}
	if err := json.Unmarshal(file, &vectors); err != nil || len(vectors.Vectors) == 0 {
		t.Fatal(err)
	}
	for _, vector := range vectors.Vectors {
		uri := vector.URI
		if !isContentURI(&uri) {
			t.Errorf("%s is none", uri)
		}
		for _, wrong := range []string{
			strings.TrimPrefix(uri, "ipfs://"), strings.ToUpper(uri), "IPFS" + uri[4:], uri + "\n", uri + "=", uri + "/x",
			uri[:len(uri)-1], uri[:len(uri)-1] + "b", uri + "a", " " + uri, uri[:20] + "\n" + uri[20:],
			"ipfs://" + strings.ToUpper(uri[7:]),
		} {
			if isContentURI(&wrong) {
				t.Errorf("%q is one", wrong)
			}
		}
	}
	of := func(header string, length int) *string {
		bytes := header + strings.Repeat("\x07", length)
		uri := "ipfs://b" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(bytes)))
		return &uri
	}
	if !isContentURI(of("\x01\x55\x12\x20", 32)) {
		t.Error("the test makes none")
	}
	for _, wrong := range []*string{
		nil, of("", 0), of("\x12\x20", 32), of("\x02\x55\x12\x20", 32), of("\x01\x71\x12\x20", 32),
		of("\x01\x55\x13\x20", 32), of("\x01\x55\x12\x1f", 32), of("\x01\x55\x12\x20", 31), of("\x01\x55\x12\x20", 33),
	} {
		if isContentURI(wrong) {
			t.Errorf("%v is one", wrong)
		}
	}
}
