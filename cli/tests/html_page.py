# Opens a page in Chromium, and prints what is in it as JSON: python3 html_page.py FILE [SCREENSHOT]
import base64, json, subprocess, sys, urllib.request

SHOWN = """
const all = (selector) => [...document.querySelectorAll(selector)];
const text = (node) => node.textContent.trim();
const figures = all('.figures div').map((figure) => [text(figure.querySelector('dt')), +text(figure.querySelector('dd'))]);
return {
    figures: Object.fromEntries(figures),
    headings: all('h1, h2, h3, h4').map((heading) => [heading.tagName, text(heading)]),
    places: all('.place').length,
    rows: all('.place tbody tr').length,
    headerless: all('table').filter((table) => !table.caption || !table.querySelector('th[scope=col]')).length,
    removed: all('.place td.removed').length,
    marks: all('svg .dot-removed').length,
    untitled: all('svg circle, svg path, svg rect').filter((mark) => !mark.querySelector('title')).length,
    scripts: document.scripts.length,
    foreign: all('[src], link[href]:not([href^="data:"]), a[href], iframe, object, form').length,
    handlers: all('*').filter((node) => [...node.attributes].some((one) => one.name.startsWith('on'))).length,
    fits: document.documentElement.scrollWidth <= document.documentElement.clientWidth,
    ground: getComputedStyle(document.body).backgroundColor,
    requests: performance.getEntriesByType('resource').length,
};
"""

page, *screenshot = sys.argv[1:]
driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
try:
    # "ChromeDriver was started successfully on port 12345."
    line = next(line for line in driver.stdout if "successfully on port" in line)
    address = "http://127.0.0.1:" + line.split()[-1].rstrip(".")

    def call(method, path, body=None):
        body = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address + path, body, method=method)
        return json.load(urllib.request.urlopen(request, timeout=60))["value"]

    arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    options = {
        "browserName": "chrome",
        "goog:chromeOptions": {"args": arguments, "binary": "/usr/bin/chromium"},
        "goog:loggingPrefs": {"browser": "ALL"},
    }
    session = call("POST", "/session", {"capabilities": {"alwaysMatch": options}})
    session = "/session/" + session["sessionId"]

    def shown(width, scheme):
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        call("POST", session + "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": media})
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        metrics = {"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics}
        call("POST", session + "/goog/cdp/execute", metrics)
        call("POST", session + "/url", {"url": "file://" + page})
        return call("POST", session + "/execute/sync", {"script": SHOWN, "args": []})

    result = {"narrow": shown(400, "light"), "dark": shown(900, "dark"), "light": shown(900, "light")}
    for file in screenshot:
        with open(file, "wb") as out:
            out.write(base64.b64decode(call("GET", session + "/screenshot")))
    result["console"] = call("POST", session + "/se/log", {"type": "browser"})
    call("DELETE", session)
    print(json.dumps(result))
finally:
    driver.terminate()
