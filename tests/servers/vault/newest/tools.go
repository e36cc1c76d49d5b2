//go:build tools

// Package tools names the server that build.sh builds, so that go.mod and go.sum pin all of it.
package tools

import _ "github.com/hashicorp/vault"
