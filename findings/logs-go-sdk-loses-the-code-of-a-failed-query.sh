#!/bin/sh
# logs-go-sdk: a query of Cloud Logs that fails midway says so inside its 200 stream, as {"error": {"message", "code": {"rate_limit_reached": {}}}}.
# What the SDK makes of it has the message alone: its type for the error has no place for the code.
#
# Why it matters: "asked too often, ask again later" cannot be told from a query that will never work, but by the words of the message,
# which nobody promises. The code is in the stream: a reader has to keep the raw event (DetailedResponse.RawResult) and decode it once more.
set -eu
module=github.com/IBM/logs-go-sdk version=v0.4.0
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
export GOPATH="$dir/go" GOCACHE="$dir/cache" GOFLAGS=-modcacherw
cat >"$dir/try.go" <<'GO'
package main

import (
  "encoding/json"
  "fmt"
  "net/http"
  "net/http/httptest"
  "os"
  "strings"

  "github.com/IBM/go-sdk-core/v5/core"
  "github.com/IBM/logs-go-sdk/logsv0"
)

const event = `{"error":{"message":"too many","code":{"rate_limit_reached":{}}}}`

type reader struct{ message, whole, raw string }

func (r *reader) OnClose()      {}
func (r *reader) OnError(error) {}
func (r *reader) OnKeepAlive()  {}
func (r *reader) OnData(d *core.DetailedResponse) {
  item := d.Result.(*logsv0.QueryResponseStreamItem)
  if item.Error == nil {
    return
  }
  r.message = *item.Error.Message
  whole, _ := json.Marshal(item.Error)
  r.whole = string(whole)
  r.raw = string(d.RawResult)
}

func main() {
  server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
    w.Header().Set("Content-Type", "text/event-stream")
    fmt.Fprint(w, ": success\ndata: {\"query_id\":{\"query_id\":\"1\"}}\n\n: success\ndata: "+event+"\n\n")
  }))
  defer server.Close()
  service, err := logsv0.NewLogsV0(&logsv0.LogsV0Options{URL: server.URL, Authenticator: &core.NoAuthAuthenticator{}})
  if err != nil {
    fmt.Println(err)
    os.Exit(1)
  }
  r := &reader{}
  service.Query(&logsv0.QueryOptions{Query: core.StringPtr("source logs")}, r)
  fmt.Println("the event:        ", event)
  fmt.Println("Error.Message:    ", r.message)
  fmt.Println("the whole Error:  ", r.whole)
  fmt.Println("RawResult has it: ", strings.Contains(r.raw, "rate_limit_reached"))
  if r.message != "too many" || strings.Contains(r.whole, "rate_limit_reached") {
    os.Exit(1)
  }
}
GO
cd "$dir"
go mod init try >/dev/null 2>&1
go get "$module@$version" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
go get . >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
echo "logs-go-sdk $version"
if go run .; then
  echo "as found: the message came through, the code did not"
else
  echo "CHANGED: see above"
  exit 1
fi
