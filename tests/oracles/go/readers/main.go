// Prints how many roots crypto/x509 takes from a file of PEM.
package main

import (
	"crypto/x509"
	"fmt"
	"os"
)

func main() {
	pem, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	fmt.Println(len(pool.Subjects()))
}
