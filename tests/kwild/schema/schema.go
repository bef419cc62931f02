// Package schema is the schema of an idOS-like network of ours: tables and actions that clients of idOS find on its
// nodes, written from public descriptions of them. A network has it from its first block on.
package schema

import (
	"context"
	"embed"
	"fmt"

	"github.com/kwilteam/kwil-db/common"
	"github.com/kwilteam/kwil-db/extensions/hooks"
)

// mount makes the functions of the extension callable as idos.f(…).
const mount = "USE IF NOT EXISTS idos AS idos;"

//go:embed *.sql
var files embed.FS

// Register has a new network run the schema at its genesis. The extension "idos" must be registered, too.
func Register() error {
	return hooks.RegisterGenesisHook("idos_schema", load)
}

// load runs outside of any transaction and above all privileges, on every validator alike. Inserters and delegates
// are not in the schema: the owner of the database adds them.
func load(ctx context.Context, app *common.App, _ *common.ChainContext) error {
	statements, err := read()
	if err != nil {
		return err
	}
	for _, file := range statements {
		if err := app.Engine.ExecuteWithoutEngineCtx(ctx, app.DB, file.sql, nil, nil); err != nil {
			return fmt.Errorf("schema: %s: %w", file.name, err)
		}
	}
	return nil
}

// file is a part of the schema.
type file struct {
	name string
	sql  string
}

// read gives the parts in the order in which they are to be run: that of their names, after the mount.
func read() ([]file, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	parts := []file{{name: "mount", sql: mount}}
	for _, entry := range entries {
		sql, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, err
		}
		parts = append(parts, file{name: entry.Name(), sql: string(sql)})
	}
	return parts, nil
}
