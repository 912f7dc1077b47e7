//! The content of the page for each of GitHub's answers.

use std::process::Command;

use embedded_roots_testing::authority::root;

use crate::app::{App, request};
use crate::github::GitHub;

fn logins(body: &str) -> Vec<&str> {
    let parts = body.split("<span class=\"login\">").skip(1);
    parts
        .map(|part| part.split("</span>").next().unwrap())
        .collect()
}

/// The sentence of an error, as a reader sees it.
fn sentence(body: &str) -> String {
    let (_, rest) = body
        .split_once("role=\"alert\">")
        .unwrap_or_else(|| panic!("{body}"));
    let text = rest.split("</p>").next().unwrap();
    text.replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
}

#[test]
fn a_form_then_the_contributors_most_commits_first() {
    let github = GitHub::plain();
    let app = App::asking(&github.url("http"));
    let welcome = app.get("/");
    assert_eq!(welcome.status, 200);
    assert!(
        welcome.body.contains("<label for=\"owner\">") && welcome.body.contains("name=\"repo\"")
    );
    assert_eq!(github.count(), 0);

    let answer = app.get("/?owner=example&repo=things");
    assert_eq!(answer.status, 200);
    assert_eq!(
        logins(&answer.body),
        [
            "carla-with-a-rather-long-name",
            "ann",
            "dora",
            "emil",
            "bob"
        ]
    );
    assert!(answer.body.contains("340 commits") && answer.body.contains("1 commit<"));
    let avatar = "src=\"https://avatars.githubusercontent.com/u/2?v=4&#38;s=200\" width=\"100\" height=\"100\"";
    assert!(answer.body.contains(avatar), "{}", answer.body);
    assert!(answer.body.contains("value=\"example\"") && answer.body.contains("value=\"things\""));

    let requests = github.requests.lock().unwrap();
    assert!(requests[0].starts_with("get /repos/example/things/stats/contributors http/1.1\r\n"));
    for header in [
        "accept: application/vnd.github+json",
        "user-agent: embedded-roots",
        "x-github-api-version: ",
    ] {
        assert!(requests[0].contains(header), "{}", requests[0]);
    }
}

#[test]
fn every_error_of_github_is_one_sentence() {
    let github = GitHub::plain();
    let app = App::asking(&github.url("http"));
    for (owner, status, text) in [
        (
            "missing",
            404,
            "GitHub knows no public repository of this name.",
        ),
        (
            "computing",
            202,
            "GitHub is still counting the commits of this repository.",
        ),
        (
            "forbidden",
            503,
            "GitHub's rate limit is used up until Fri, 01 Jan 2100 00:00:00 GMT.",
        ),
        ("limited", 503, "GitHub's rate limit is used up until "),
        ("failing", 502, "GitHub answered 500 Internal Server Error."),
        (
            "invalid",
            502,
            "GitHub's answer is not a list of contributors.",
        ),
        ("large", 502, "GitHub's answer is larger than 8 MiB."),
        ("silent", 504, "GitHub did not answer within 10 seconds."),
    ] {
        let answer = app.get(&format!("/?owner={owner}&repo=x"));
        let said = sentence(&answer.body);
        assert!(said.starts_with(text), "{owner}: {said}");
        assert_eq!(answer.status, status, "{owner}");
        assert_eq!(said.matches(". ").count(), 0, "{said}");
    }
    let empty = app.get("/?owner=empty&repo=x");
    assert!(empty.status == 200 && empty.body.contains("Nobody yet."));
    // The app still serves the next request.
    assert_eq!(app.get("/?owner=example&repo=x").status, 200);
}

#[test]
fn unreachable_github_is_one_sentence() {
    let app = App::asking("http://127.0.0.1:1");
    let answer = app.get("/?owner=a&repo=b");
    assert_eq!(answer.status, 502);
    let said = sentence(&answer.body);
    assert!(
        said.starts_with("GitHub could not be asked: ") && said.contains("refused"),
        "{said}"
    );
}

#[test]
fn a_refused_certificate_is_explained() {
    let github = GitHub::tls("127.0.0.1:0", &root("CA of the test"));
    let app = App::asking(&github.url("https"));
    let answer = app.get("/?owner=a&repo=b");
    assert_eq!(answer.status, 502);
    let said = sentence(&answer.body);
    let start =
        "The server that answered for GitHub is not trusted: the issuer \"CN=CA of the test";
    assert!(said.starts_with(start), "{said}");
    assert!(said.contains("is not trusted by bundle"), "{said}");
}

#[test]
fn pending_statistics_are_requested_again() {
    let github = GitHub::plain();
    let app = App::asking(&github.url("http"));
    let mut path = "/?owner=computing&repo=x".to_owned();
    for (tried, seconds) in [2, 4, 8, 16, 32].into_iter().enumerate() {
        let body = app.get(&path).body;
        let next = format!("/?owner=computing&#38;repo=x&#38;tried={}", tried + 1);
        assert!(
            body.contains(&format!("content=\"{seconds};url={next}\"")),
            "{body}"
        );
        path = next.replace("&#38;", "&");
    }
    let body = app.get(&path).body;
    assert!(
        !body.contains("http-equiv") && body.contains("still counting"),
        "{body}"
    );
}

#[test]
fn invalid_repository_names_are_never_sent() {
    let github = GitHub::plain();
    let app = App::asking(&github.url("http"));
    for (query, text) in [
        ("owner=-a&repo=b", "The owner is not a GitHub name"),
        ("owner=a%2Fb&repo=b", "The owner is not a GitHub name"),
        ("owner=&repo=b", "The owner is not a GitHub name"),
        ("owner=a&repo=..", "The repository is not a GitHub name"),
        ("owner=a&repo=b%3Fc", "The repository is not a GitHub name"),
        ("owner=a%0d%0ax:y&repo=b", "The owner is not a GitHub name"),
        ("owner=a", "The repository is not a GitHub name"),
    ] {
        let answer = app.get(&format!("/?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(sentence(&answer.body).starts_with(text), "{query}");
    }
    let answer = app.get("/?owner=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&repo=b");
    assert!(!answer.body.contains("<script"), "{}", answer.body);
    assert_eq!(github.count(), 0);
}

#[test]
fn a_script_in_a_login_is_text() {
    let github = GitHub::plain();
    let body = App::asking(&github.url("http"))
        .get("/?owner=hostile&repo=x")
        .body;
    assert!(
        !body.contains("<script") && !body.contains("\" onload"),
        "{body}"
    );
    assert_eq!(
        logins(&body)[0],
        "&#60;script&#62;alert(1)&#60;/script&#62;"
    );
}

#[test]
fn every_answer_carries_the_policy() {
    let app = App::asking("http://127.0.0.1:1");
    for (path, status, content_type) in [
        ("/", 200, "text/html; charset=utf-8"),
        ("/style.css", 200, "text/css; charset=utf-8"),
        ("/healthz", 200, "text/plain; charset=utf-8"),
        ("/nothing", 404, "text/plain; charset=utf-8"),
    ] {
        let answer = app.get(path);
        assert_eq!(answer.status, status, "{path}");
        assert!(
            answer
                .head
                .contains(&format!("content-type: {content_type}")),
            "{}",
            answer.head
        );
        let policy = "content-security-policy: default-src 'none'; style-src 'self'; \
                      img-src https://avatars.githubusercontent.com data:;";
        assert!(answer.head.contains(policy), "{}", answer.head);
        assert!(
            answer.head.contains("x-content-type-options: nosniff"),
            "{}",
            answer.head
        );
    }
    assert_eq!(app.get("/healthz").body, "ok\n");
    assert_eq!(request(app.port, "POST", "/").unwrap().status, 405);
    let head = request(app.port, "HEAD", "/").unwrap();
    assert!(head.status == 200 && head.body.is_empty());
}

#[test]
fn invalid_variables_end_the_program_at_its_start() {
    for (variable, value, text) in [
        ("PORT", "http", "PORT: "),
        ("GITHUB_API_URL", "api.github.com", "GITHUB_API_URL: "),
        ("GITHUB_TOKEN", "a\nb", "GITHUB_TOKEN: "),
    ] {
        let program = env!("CARGO_BIN_EXE_contributors");
        let output = Command::new(program).env(variable, value).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let log = String::from_utf8(output.stdout).unwrap();
        assert!(log.contains(text) && log.contains("ERROR"), "{log}");
    }
}
