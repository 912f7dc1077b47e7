// Judges each chain of a manifest as Go's crypto/x509 does, one JSON value a line in and out.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log"
	"os"
	"time"
)

type testCase struct {
	Roots, Chain, Server string
	Now                  int64
}

func main() {
	manifest, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(manifest)
	verdicts := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var c testCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			log.Fatal(err)
		}
		verdict := ""
		if err := verify(c); err != nil {
			verdict = err.Error()
		}
		if err := verdicts.Encode(verdict); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

// verify parses the chain as crypto/tls does, which refuses it for any certificate that it cannot
// parse.
func verify(c testCase) error {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(read(c.Roots)) {
		return errors.New("no root")
	}
	intermediates := x509.NewCertPool()
	var leaf *x509.Certificate
	for rest := read(c.Chain); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err
		}
		if leaf == nil {
			leaf = certificate
		} else {
			intermediates.AddCert(certificate)
		}
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		DNSName:       c.Server,
		Roots:         roots,
		Intermediates: intermediates,
		CurrentTime:   time.Unix(c.Now, 0),
	})
	return err
}

func read(path string) []byte {
	content, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return content
}
