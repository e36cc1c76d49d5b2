// The vendor's SDK for Cloud Logs against the emulator: a log that was sent is found in the stream of a query, by who may read. The
// SDK's reader of the stream takes less than the standard allows, so it also shows that the emulator sends nothing else.
// query URL GUID READER_KEY SENDER_KEY prints TAP.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/IBM/go-sdk-core/v5/core"
	"github.com/IBM/logs-go-sdk/logsv0"
	"github.com/go-openapi/strfmt"
)

var url, guid, readerKey, senderKey string

// What a query answered.
type answer struct {
	rows             []logsv0.ApisDataprimeV1DataprimeResults
	raw              string // all events
	ids              int
	errors, warnings []string
	failed           error
	closed           bool
}

func (a *answer) OnClose()        { a.closed = true }
func (a *answer) OnError(e error) { a.failed = e }
func (a *answer) OnKeepAlive()    {}
func (a *answer) OnData(response *core.DetailedResponse) {
	item := response.Result.(*logsv0.QueryResponseStreamItem)
	a.raw += string(response.RawResult)
	if item.QueryID != nil {
		a.ids++
	}
	if item.Result != nil {
		a.rows = append(a.rows, item.Result.Results...)
	}
	if item.Error != nil {
		a.errors = append(a.errors, *item.Error.Message)
	}
	if item.Warning != nil {
		w := item.Warning.(*logsv0.ApisDataprimeV1DataprimeWarning)
		if w.TimeRangeWarning != nil {
			a.warnings = append(a.warnings, *w.TimeRangeWarning.WarningMessage)
		}
	}
}

func authenticator(key string) *core.IamAuthenticator {
	return &core.IamAuthenticator{ApiKey: key, URL: url}
}

func query(key, text, tier string, from, to time.Time) *answer {
	service, err := logsv0.NewLogsV0(&logsv0.LogsV0Options{
		URL: url + "/instances/" + guid, Authenticator: authenticator(key)})
	if err != nil {
		return &answer{failed: err}
	}
	start, end := strfmt.DateTime(from.UTC()), strfmt.DateTime(to.UTC())
	a := &answer{}
	service.Query(&logsv0.QueryOptions{Query: &text,
		Metadata: &logsv0.ApisDataprimeV1Metadata{StartDate: &start, EndDate: &end, Tier: &tier,
			Syntax: core.StringPtr("dataprime"), Limit: core.Int64Ptr(2000)}}, a)
	return a
}

func post(where, bearer, body string) (int, string) {
	request, _ := http.NewRequest("POST", where, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

func settings(body string) {
	if status, text := post(url+"/_control/settings", "", body); status != 200 {
		panic(text)
	}
}

// A test log as the rotator sends it, with the token of the sender.
func send(nonce string) error {
	token, err := authenticator(senderKey).GetToken()
	if err != nil {
		return err
	}
	line := fmt.Sprintf(`[{"applicationName":"rotator","subsystemName":"probe","severity":3,"computerName":"host",`+
		`"text":{"message":"test log of the key rotation","nonce":"%s"}}]`, nonce)
	if status, text := post(url+"/instances/"+guid+"/logs/v1/singles", token, line); status != 200 {
		return fmt.Errorf("%d %s", status, text)
	}
	return nil
}

const labels = "source logs | filter $l.applicationname == 'rotator' && $l.subsystemname == 'probe' | limit 2000"

func found(a *answer, nonce string) bool {
	for _, row := range a.rows {
		var data map[string]string
		decoder := json.NewDecoder(bytes.NewReader([]byte(*row.UserData)))
		if decoder.Decode(&data) == nil && data["nonce"] == nonce && len(row.Labels) >= 3 && len(row.Metadata) >= 4 {
			return true
		}
	}
	return false
}

func minute(tier string) *answer {
	return query(readerKey, labels, tier, time.Now().Add(-5*time.Minute), time.Now().Add(5*time.Minute))
}

func check(name string, good bool, what ...interface{}) {
	count++
	if good {
		fmt.Printf("ok %d - %s\n", count, name)
		return
	}
	failed = true
	fmt.Printf("not ok %d - %s\n  # %+v\n", count, name, what)
}

var (
	count  int
	failed bool
)

func main() {
	url, guid, readerKey, senderKey = os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	nonce := "0123456789abcdef0123456789abcdef"
	settings(`{"query_per_minute": 0}`)
	err := send(nonce)
	a := minute("frequent_search")
	check("a log that was sent is found by the vendor's SDK", err == nil && a.failed == nil && a.closed && a.ids == 1 &&
		found(a, nonce), err, *a)
	check("and in the archive", found(minute("archive"), nonce))
	settings(`{"query_frequent": false, "query_archive": false}`)
	a = minute("frequent_search")
	check("a tier that the instance lacks finds nothing", a.failed == nil && !found(a, nonce), *a)
	a = minute("archive")
	check("and an archive that it lacks warns, by a name that this SDK passes over", a.failed == nil && !found(a, nonce) && strings.Contains(a.raw, "archive_warning"), *a)
	settings(`{"query_frequent": true, "query_archive": true}`)
	a = query(readerKey, labels, "frequent_search", time.Now(), time.Now().Add(-time.Minute))
	check("a window that ends before it begins warns with the words that the vendor's own test wants", a.failed == nil &&
		len(a.warnings) == 1 && strings.Contains(a.warnings[0], "Start date must be before end date"), *a)
	a = query(senderKey, labels, "frequent_search", time.Now().Add(-time.Minute), time.Now())
	check("the sender may not read", a.failed != nil && len(a.rows) == 0, *a)
	settings(`{"query_per_minute": 1}`)
	a = minute("frequent_search")
	check("too many queries are an error", a.failed != nil, *a)
	settings(`{"query_limit_in_stream": true}`)
	a = minute("frequent_search")
	check("or an error in the stream", a.failed == nil && a.closed && len(a.errors) == 1, *a)
	fmt.Printf("1..%d\n", count)
	if failed {
		os.Exit(1)
	}
}
