// A browser that has cookies and sends the forms of pages, as a person without scripts would.

const unescaped = (text) =>
  text
    .replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&(quot|lt|gt|amp);/g, (_, name) => ({ quot: '"', lt: '<', gt: '>', amp: '&' })[name]);

const attribute = (tag, name) => {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return found ? unescaped(found[1]) : undefined;
};

// The first form of a page: where it goes, and the fields that the page has filled in.
function firstForm(page) {
  const [form] = /<form\b[\s\S]*?<\/form>/.exec(page.text) ?? [];
  if (form === undefined) throw new Error('the page has no form');
  const fields = new URLSearchParams();
  for (const [tag] of form.matchAll(/<input\b[^>]*>/g)) {
    if (attribute(tag, 'type') === 'hidden') fields.append(attribute(tag, 'name'), attribute(tag, 'value'));
  }
  return { action: new URL(attribute(form, 'action') ?? '', page.url), fields };
}

export class FormBrowser {
  cookies = new Map();

  async get(url) {
    return this.#send(url, { headers: { 'sec-fetch-site': 'none' } });
  }

  // Sends the first form of a page, with these fields filled in by the person.
  async submit(page, filled) {
    const { action, fields } = firstForm(page);
    for (const [name, value] of Object.entries(filled)) fields.set(name, value);
    const headers = { 'sec-fetch-site': 'same-origin', origin: action.origin };
    return this.#send(action, { method: 'POST', body: fields, headers });
  }

  // Logs in where a page asks for it, answers the page that asks for consent, and returns the URL of the callback.
  async authorize(url, user, action = 'allow') {
    let page = await this.get(url);
    for (let steps = 0; steps < 6; steps += 1) {
      if (page.location !== undefined) {
        if (page.location.origin !== new URL(url).origin) return page.location;
        page = await this.get(page.location);
      } else if (page.status !== 200) {
        throw new Error(`a page with status ${page.status}`);
      } else if (/\sname="password"/.test(page.text)) {
        page = await this.submit(page, { action: 'log_in', ...user });
      } else {
        page = await this.submit(page, { action });
      }
    }
    throw new Error('there is no end to the pages');
  }

  async #send(url, request) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    if (cookie !== '') request.headers.cookie = cookie;
    const answer = await fetch(url, { redirect: 'manual', ...request });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/;\s*max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    return {
      url: String(url),
      status: answer.status,
      text: await answer.text(),
      location: location === null ? undefined : new URL(location, url),
    };
  }
}
