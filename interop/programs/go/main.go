// What Go makes of the shapes and files of a folder.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	row, folder := os.Args[1], os.Args[2]
	fmt.Printf("version\t%s\n", strings.TrimPrefix(runtime.Version(), "go"))
	for _, shape := range glob(folder, "shapes", "*") {
		id := filepath.Base(shape)
		if why := verify(shape); why != nil {
			fmt.Printf("%s\t%s\trefused\t%s\n", row, id, strings.ReplaceAll(why.Error(), "\n", " "))
		} else {
			fmt.Printf("%s\t%s\taccepted\t\n", row, id)
		}
	}
	for _, file := range glob(folder, "files", "*.pem") {
		id := strings.TrimSuffix(filepath.Base(file), ".pem")
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(content(file))
		fmt.Printf("%s\t%s\t%d\t\n", row, id, len(pool.Subjects()))
		fmt.Printf("%s-pem\t%s\t%d\t\n", row, id, len(blocks(content(file))))
	}
}

func verify(shape string) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(content(shape, "roots.pem"))
	var chain []*x509.Certificate
	for _, block := range blocks(content(shape, "chain.pem")) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err
		}
		chain = append(chain, certificate)
	}
	intermediates := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		intermediates.AddCert(certificate)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		DNSName:       string(content(shape, "host")),
		Intermediates: intermediates,
		Roots:         roots,
	})
	return err
}

func blocks(text []byte) []*pem.Block {
	var all []*pem.Block
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return all
		}
		all, text = append(all, block), rest
	}
}

func content(path ...string) []byte {
	bytes, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		panic(err)
	}
	return bytes
}

func glob(path ...string) []string {
	found, err := filepath.Glob(filepath.Join(path...))
	if err != nil {
		panic(err)
	}
	return found
}
