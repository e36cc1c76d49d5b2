// The vendor's Go authenticators, unmodified, against the emulator: those that become a trusted profile. Copied into the vendor's
// module and run there by vendor_go.sh, which says in the environment where the emulator is and what it was seeded with.
package authenticators

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/IBM/go-sdk-core/v5/core"
)

const (
	profile = "Profile-44444444-3333-4444-8444-444444444444"
	other   = "Profile-55555555-3333-4444-8444-555555555555"
)

var (
	url     = os.Getenv("EMULATOR_URL")
	imds    = os.Getenv("EMULATOR_IMDS")
	apikey  = os.Getenv("EMULATOR_APIKEY")
	account = os.Getenv("EMULATOR_ACCOUNT")
	token   = os.Getenv("EMULATOR_CR_TOKEN")
)

// Whose token does it get?
func identity(t *testing.T, a interface{ GetToken() (string, error) }) string {
	t.Helper()
	jwt, err := a.GetToken()
	if err != nil {
		t.Fatal(err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		IamID string `json:"iam_id"`
	}
	if err := json.Unmarshal(claims, &c); err != nil {
		t.Fatal(err)
	}
	return c.IamID
}

func expectProfile(t *testing.T, a interface{ GetToken() (string, error) }) {
	t.Helper()
	if got := identity(t, a); got != "iam-"+profile {
		t.Errorf("the token is of %s", got)
	}
}

// The SDK shows the answer's text alone.
func expectRefused(t *testing.T, a interface{ GetToken() (string, error) }, says string) {
	t.Helper()
	_, err := a.GetToken()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("no refusal that says %q: %v", says, err)
	}
}

func must[A any](t *testing.T) func(a A, err error) A {
	return func(a A, err error) A {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

func TestContainerAuthenticator(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	build := func() *core.ContainerAuthenticatorBuilder {
		return core.NewContainerAuthenticatorBuilder().SetCRTokenFilename(file).SetURL(url)
	}
	is := must[*core.ContainerAuthenticator](t)
	expectProfile(t, is(build().SetIAMProfileID(profile).Build()))
	expectProfile(t, is(build().SetIAMProfileName("linked").Build()))
	expectRefused(t, is(build().SetIAMProfileID(other).Build()), "not eligible")
}

func TestVpcInstanceAuthenticator(t *testing.T) {
	for _, version := range []string{"2022-03-01", "2025-08-26"} {
		build := func() *core.VpcInstanceAuthenticatorBuilder {
			return core.NewVpcInstanceAuthenticatorBuilder().SetURL(imds).SetServiceVersion(version)
		}
		is := must[*core.VpcInstanceAuthenticator](t)
		expectProfile(t, is(build().SetIAMProfileID(profile).Build()))
		expectProfile(t, is(build().SetIAMProfileCRN("crn:v1:bluemix:public:iam-identity::a/"+account+"::profile:"+profile).Build()))
		expectProfile(t, is(build().Build()))
		expectRefused(t, is(build().SetIAMProfileID(other).Build()), "No such trusted profile")
	}
}

func TestIamAssumeAuthenticator(t *testing.T) {
	build := func() *core.IamAssumeAuthenticatorBuilder {
		return core.NewIamAssumeAuthenticatorBuilder().SetApiKey(apikey).SetURL(url)
	}
	is := must[*core.IamAssumeAuthenticator](t)
	expectProfile(t, is(build().SetIAMProfileID(profile).Build()))
	expectProfile(t, is(build().SetIAMProfileName("linked").SetIAMAccountID(account).Build()))
	expectProfile(t, is(build().SetIAMProfileCRN("crn:v1:bluemix:public:iam-identity::a/"+account+"::profile:"+profile).Build()))
	expectRefused(t, is(build().SetIAMProfileID(other).Build()), "not eligible")
}
