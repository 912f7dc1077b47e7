// Contributors shows who contributed to a GitHub repository, and embeds its root certificates. It
// is a short Go program for `cargo xtask compare-go` to compare with the one in Rust.
package main

import (
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strings"
	"time"
)

// The task copies this file from certs/.
//
//go:embed ca-certificates.crt
var roots []byte

//go:embed page.html
var html string

var page = template.Must(template.New("page").Parse(html))

type contributor struct {
	Total  int
	Author struct {
		Login     string
		AvatarURL string `json:"avatar_url"`
	}
}

type content struct {
	Owner, Repo, Failure string
	Contributors         []contributor
}

type gitHub struct {
	client     *http.Client
	api, token string
}

func newGitHub() (*gitHub, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(roots) {
		return nil, fmt.Errorf("no certificate is compiled in")
	}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool},
		ForceAttemptHTTP2: true,
	}
	return &gitHub{
		client: &http.Client{Transport: transport, Timeout: 10 * time.Second},
		api:    setOr("GITHUB_API_URL", "https://api.github.com"),
		token:  os.Getenv("GITHUB_TOKEN"),
	}, nil
}

// contributors returns the contributors, most commits first.
func (g *gitHub) contributors(owner, repo string) ([]contributor, error) {
	address := fmt.Sprintf("%s/repos/%s/%s/stats/contributors",
		strings.TrimRight(g.api, "/"), url.PathEscape(owner), url.PathEscape(repo))
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("User-Agent", "embedded-roots-contributors-go")
	if g.token != "" {
		request.Header.Set("Authorization", "Bearer "+g.token)
	}
	response, err := g.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GitHub says: %s", response.Status)
	}
	var found []contributor
	if err := json.NewDecoder(io.LimitReader(response.Body, 8<<20)).Decode(&found); err != nil {
		return nil, err
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].Total > found[j].Total })
	return found, nil
}

func (g *gitHub) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	shown := content{Owner: request.FormValue("owner"), Repo: request.FormValue("repo")}
	status := http.StatusOK
	if shown.Owner != "" && shown.Repo != "" {
		found, err := g.contributors(shown.Owner, shown.Repo)
		if err != nil {
			log.Printf("%s/%s: %v", shown.Owner, shown.Repo, err)
			shown.Failure, status = err.Error(), http.StatusBadGateway
		}
		shown.Contributors = found
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := page.Execute(w, shown); err != nil {
		log.Print(err)
	}
}

func setOr(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func main() {
	github, err := newGitHub()
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", github)
	server := &http.Server{
		Addr:              ":" + setOr("PORT", "8080"),
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}
