# Prints the SHA-256 fingerprints of Chrome's root store, as Chromium's certificate manager shows it.
import json, subprocess, time, urllib.request

# The entries are in shadow trees, and come late.
SHOWN = """
const done = arguments[0];
const all = (name, node) => [
    ...(node.tagName === name ? [node] : []),
    ...[node, node.shadowRoot].flatMap((tree) => [...(tree?.children ?? [])].flatMap((child) => all(name, child))),
];
const ask = () => {
    // The page also has certificates of the system.
    const sections = all('CRS-SECTION', document.body);
    const found = sections.flatMap((section) => all('CERTIFICATE-ENTRY', section));
    if (found.length) { done(found.map((entry) => entry.sha256hashHex)); } else { setTimeout(ask, 100); }
};
ask();
"""

driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
try:
    # "ChromeDriver was started successfully on port 12345."
    line = next(line for line in driver.stdout if "successfully on port" in line)
    address = "http://127.0.0.1:" + line.split()[-1].rstrip(".")

    def call(method, path, body=None):
        body = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address + path, body, method=method)
        return json.load(urllib.request.urlopen(request, timeout=60))["value"]

    options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu"], "binary": "/usr/bin/chromium"}
    options = {"browserName": "chrome", "goog:chromeOptions": options}
    session = call("POST", "/session", {"capabilities": {"alwaysMatch": options}})
    session = "/session/" + session["sessionId"]
    call("POST", session + "/timeouts", {"script": 30_000})
    call("POST", session + "/url", {"url": "chrome://certificate-manager/crscerts"})
    shown = call("POST", session + "/execute/async", {"script": SHOWN, "args": []})
    call("DELETE", session)
    print("\n".join(sorted({digest.lower() for digest in shown})))
finally:
    driver.terminate()
