package main

import (
	"crypto/x509"
	"encoding/pem"
)

// bundle is in a file that the test writes.
func roots() (roots []*x509.Certificate) {
	for _, text := range bundle {
		block, _ := pem.Decode([]byte(text))
		root, err := x509.ParseCertificate(block.Bytes)
		check(err)
		roots = append(roots, root)
	}
	return
}
