// Prints the key that the vendor's core for Go takes for the service "logs", or "none".
package main

import (
	"fmt"

	"github.com/IBM/go-sdk-core/v5/core"
)

func main() {
	authenticator, err := core.GetAuthenticatorFromEnvironment("logs")
	if iam, is := authenticator.(*core.IamAuthenticator); err == nil && is {
		fmt.Println(iam.ApiKey)
	} else {
		fmt.Println("none")
	}
}
