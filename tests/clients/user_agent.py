"""A browser without a screen: it fills in the server's forms, and stops at the redirect to the client."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from checks import Mismatch

# A page, a log-in, and the page again: more steps are a loop.
STEPS = 10


class Form:
    """Where a form is posted to, the values it starts with, and what its buttons do."""

    def __init__(self, url):
        self.url, self.fields, self.actions = url, {}, []


class Page(HTMLParser):
    """The status, the heading and the forms of a page, and the texts of its `code` elements."""

    def __init__(self, response):
        super().__init__()
        self.url, self.status = response.url, response.status_code
        self.heading, self.codes, self.forms = "", [], []
        self._inside = ""
        self.feed(response.text)

    def form(self, action):
        """The form with a button that does this."""
        return next((form for form in self.forms if action in form.actions), None)

    def handle_starttag(self, tag, attributes):
        attributes = {name: value or "" for name, value in attributes}
        match tag:
            case "form":
                self.forms.append(Form(urljoin(self.url, attributes["action"])))
            case "input":
                self.forms[-1].fields[attributes["name"]] = attributes.get("value", "")
            case "button":
                self.forms[-1].actions.append(attributes["value"])
            case "h1":
                self._inside = tag
            case "code":
                self._inside = tag
                self.codes.append("")

    def handle_endtag(self, tag):
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, text):
        if self._inside == "h1":
            self.heading += text
        elif self._inside == "code":
            self.codes[-1] += text


class UserAgent:
    """The browser of one user. `login` is an entry of the demo credentials."""

    def __init__(self, login, ca=None):
        self.login = login
        self.session = requests.Session()
        self.session.verify = ca or True

    def visit(self, url, decision="allow"):
        """The first URL on another origin that the user is sent to, or else the last page."""
        answer = self.request("GET", url)
        for _ in range(STEPS):
            if answer.is_redirect:
                target = urljoin(answer.url, answer.headers["Location"])
                if origin(target) != origin(url):
                    return target
                answer = self.request("GET", target)
                continue
            page = Page(answer)
            if page.form("log_in") and page.status == 200:
                answer = self.submit(page, "log_in", **self.login)
            elif page.form(decision):
                answer = self.submit(page, decision)
            else:
                return page
        raise Mismatch(f"{STEPS} steps lead to no end")

    def authorize(self, url, decision="allow"):
        """The parameters of the client's redirect URI, and the URI itself."""
        target = self.visit(url, decision)
        if isinstance(target, Page):
            raise Mismatch(f"a redirect: expected one, got a page with status {target.status}")
        return answer_of(target), target

    def submit(self, page, action, **fields):
        form = page.form(action)
        fields = {**form.fields, **fields, "action": action}
        return self.request("POST", form.url, data=fields, headers={"Sec-Fetch-Site": "same-origin"})

    def request(self, method, url, **options):
        return self.session.request(method, url, allow_redirects=False, timeout=10, **options)


def answer_of(url):
    """Each parameter of the URL's query, of which none is repeated."""
    found = parse_qs(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)
    if repeated := [name for name, values in found.items() if len(values) > 1]:
        raise Mismatch(f"parameters that occur once: {repeated} are repeated")
    return {name: values[0] for name, values in found.items()}


def origin(url):
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
