// A browser without a screen: it fills in the server's forms, and stops at the redirect to the client.
'use strict';

const { Mismatch } = require('./checks.cjs');

// A page, a log-in, and the page again: more steps are a loop.
const STEPS = 10;

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|(\w+));/gi, (whole, hex, decimal, name) =>
    name ? (ENTITIES[name] ?? whole) : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal)));
}

// The tags of one name, each as an object of its attributes.
function tags(html, name) {
  return [...html.matchAll(new RegExp(`<${name}\\b([^>]*)>`, 'g'))].map(([, inside]) =>
    Object.fromEntries([...inside.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, key, value]) => [key, unescaped(value)])));
}

// The status of a page, and its forms.
class Page {
  constructor(url, status, html) {
    this.status = status;
    this.forms = [...html.matchAll(/<form\b.*?<\/form>/gs)].map(([form]) => ({
      url: new URL(tags(form, 'form')[0].action, url),
      fields: Object.fromEntries(tags(form, 'input').map(({ name, value }) => [name, value ?? ''])),
      actions: tags(form, 'button').map(({ value }) => value),
    }));
  }

  // The form with a button that does this.
  form(action) {
    return this.forms.find(({ actions }) => actions.includes(action));
  }
}

// The browser of one user. `login` is an entry of the demo credentials.
class UserAgent {
  constructor(login) {
    this.login = login;
    this.cookies = new Map();
  }

  // The first URL on another origin that the user is sent to, or else the last page.
  async visit(url, decision = 'allow') {
    let here = new URL(url);
    const { origin } = here;
    let answer = await this.request(here);
    for (let step = 0; step < STEPS; step += 1) {
      if (answer.status === 303) {
        here = new URL(answer.headers.get('location'), here);
        if (here.origin !== origin) return here;
        answer = await this.request(here);
        continue;
      }
      const page = new Page(here, answer.status, await answer.text());
      if (page.form('log_in') && page.status === 200) {
        answer = await this.submit(page, 'log_in', this.login);
      } else if (page.form(decision)) {
        answer = await this.submit(page, decision);
      } else {
        return page;
      }
    }
    throw new Mismatch(`${STEPS} steps lead to no end`);
  }

  // The client's redirect URI with the answer in its query.
  async authorize(url, decision = 'allow') {
    const target = await this.visit(url, decision);
    if (target instanceof Page) throw new Mismatch(`expected a redirect, got a page with status ${target.status}`);
    return target;
  }

  submit(page, action, fields = {}) {
    const form = page.form(action);
    const body = new URLSearchParams({ ...form.fields, ...fields, action });
    return this.request(form.url, { method: 'POST', body, headers: { 'Sec-Fetch-Site': 'same-origin' } });
  }

  async request(url, { headers, ...options } = {}) {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    const all = { ...headers, ...(cookie && { Cookie: cookie }) };
    const answer = await fetch(url, { ...options, headers: all, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }
}

module.exports = { Page, UserAgent };
