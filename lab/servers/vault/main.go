// Vault's own command, server and client, of a source from which the cloud's plugins and storages are left out: ../vault.ts.
package main

import (
	"os"

	"github.com/hashicorp/vault/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:]))
}
