// Prints the SHA-256 fingerprints of the roots that it holds, in one of two forms.
package main

import (
	"crypto/sha256"
	"fmt"
)

func main() {
	for _, root := range roots() {
		fmt.Printf("%x\n", sha256.Sum256(root.Raw))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
