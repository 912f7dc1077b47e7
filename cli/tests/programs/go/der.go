package main

import (
	"crypto/x509"
	_ "embed"
)

//go:embed bundle.der
var bundle []byte

func roots() []*x509.Certificate {
	roots, err := x509.ParseCertificates(bundle)
	check(err)
	return roots
}
