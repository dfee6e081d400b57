// What the scripts for Chromium share: the browser, clients with callbacks of each kind, and what a user does.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const require = createRequire(import.meta.url);
const { Checks, Mismatch, expect } = require('./checks.cjs');
const { default: puppeteer } = await import(require.resolve('puppeteer-core'));

// The metadata of the authorization server below a path.
async function discover(below = '') {
  const answer = await fetch(new URL(`/.well-known/oauth-authorization-server${below}`, process.env.PORTAL_HTTPS));
  return answer.json();
}

const metadata = await discover();
export const ISSUER = metadata.issuer;
export const SCHEME = 'com.example.app';

// The address of a page of the portal.
export const url = (at) => new URL(at, ISSUER).href;

// How long the browser has for a step.
const PATIENCE = 10_000;

// A certificate that no one signed, for hosts that the browser takes for other sites.
function certificate() {
  const folder = mkdtempSync(path.join(tmpdir(), 'browser-'));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  try {
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
      '-keyout', key, '-out', cert, '-subj', '/CN=client.test',
      '-addext', 'subjectAltName=DNS:client.test,DNS:elsewhere.test,DNS:evil.test',
    ], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// A site that answers each path with what `pages` has for it: HTML, or a URL to go on to.
export class Site {
  constructor(host, server) {
    this.host = host;
    this.server = server;
    this.pages = new Map([['/callback', '<!doctype html><title>Back</title><h1>Back at the client</h1>']]);
    this.referrers = new Set();
    server.on('request', (request, response) => {
      if (request.headers.referer) this.referrers.add(new URL(request.headers.referer).origin);
      const { pathname, search } = new URL(request.url, 'http://site');
      const found = this.pages.get(pathname);
      if (found instanceof URL) {
        response.writeHead(302, { Location: `${found.href}${search}` });
      } else {
        response.writeHead(found ? 200 : 404, { 'Content-Type': 'text/html' });
      }
      response.end(typeof found === 'string' ? found : '');
    });
  }

  static async open(host, tls) {
    const site = new Site(host, tls ? https.createServer(tls) : http.createServer());
    await new Promise((listening) => { site.server.listen(0, '127.0.0.1', listening); });
    site.origin = `${tls ? 'https' : 'http'}://${host}:${site.server.address().port}`;
    return site;
  }
}

// The portal's command for applications. Returns the secret of a confidential one.
export function register(platform, id, ...options) {
  const flags = ['--data', process.env.PORTAL_DATA, 'app', '--platform', platform, 'add', id, ...options];
  const printed = execFileSync(process.env.PORTAL_BIN, flags, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return printed.match(/^client_secret (.*)$/m)?.[1];
}

// A client, and the requests that it has sent a browser with.
export class Client {
  constructor(id, redirect, server = metadata) {
    Object.assign(this, { id, redirect, server });
  }

  // GeoDataHub's client, whose users copy a code from a page.
  static async geodatahub(id) {
    return new Client(id, undefined, await discover('/geodatahub'));
  }

  static register(kind, redirect) {
    const id = `chromium-${kind}-${randomBytes(4).toString('hex')}`;
    const options = ['--redirect', redirect, '--grant', 'authorization_code', '--grant', 'refresh_token', '--scope', 'all'];
    register('opendatasoft', id, '--public', '--label', `Weather map (${kind})`, ...options);
    return new Client(id, redirect);
  }

  // Where the client sends the browser; `kept` is what it remembers of that.
  ask(more = {}) {
    const kept = { state: randomBytes(8).toString('hex'), verifier: randomBytes(32).toString('base64url') };
    const url = new URL(this.server.authorization_endpoint);
    url.search = new URLSearchParams({
      client_id: this.id,
      response_type: 'code',
      ...(this.redirect && { redirect_uri: this.redirect, scope: 'all' }),
      state: kept.state,
      code_challenge: createHash('sha256').update(kept.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...more,
    });
    return { ...kept, url: url.href };
  }

  // The parameters that the browser brings to the client, which are those that it has to bring.
  judge(kept, landed, { at = this.redirect, error = null } = {}) {
    const { searchParams: answer } = new URL(landed);
    expect('callback', landed.split('?')[0], at);
    expect('answer', [answer.get('state'), answer.get('iss'), answer.get('error')], [kept.state, this.server.issuer, error]);
    expect('has a code', answer.has('code'), error === null);
    return answer.get('code');
  }

  async redeem(kept, code) {
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: this.id,
      ...(this.redirect && { redirect_uri: this.redirect }),
      code,
      code_verifier: kept.verifier,
    });
    const answer = await fetch(this.server.token_endpoint, { method: 'POST', body });
    return { status: answer.status, ...(await answer.json()) };
  }
}

export async function whoami(token) {
  const answer = await fetch(new URL('/rfc6750/whoami', ISSUER), { headers: { Authorization: `Bearer ${token}` } });
  return { status: answer.status, ...(await answer.json()) };
}

// Chromium, the sites, clients with a callback of each kind, and checks in tabs.
export class Chromium {
  static async open(name) {
    const chromium = new Chromium();
    const tls = certificate();
    const [client, elsewhere, evil, device] = await Promise.all([
      Site.open('client.test', tls), Site.open('elsewhere.test', tls), Site.open('evil.test', tls), Site.open('127.0.0.1'),
    ]);
    client.pages.set('/onward', new URL('/callback', elsewhere.origin));
    chromium.sites = { client, elsewhere, evil, device };
    chromium.clients = Object.fromEntries(Object.entries({
      web: `${client.origin}/callback`,
      device: `${device.origin}/callback`,
      scheme: `${SCHEME}:/callback`,
      onward: `${client.origin}/onward`,
    }).map(([kind, redirect]) => [kind, Client.register(kind, redirect)]));
    chromium.checks = new Checks(`${name} (${new URL(ISSUER).protocol.slice(0, -1)})`, 'opendatasoft');
    chromium.user = chromium.checks.demo.user;
    chromium.tabs = [];
    chromium.browser = await puppeteer.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      acceptInsecureCerts: true,
      // If this process ends in any way, so does Chromium.
      pipe: true,
      handleSIGTERM: false,
      args: ['--no-sandbox', '--host-resolver-rules=MAP *.test 127.0.0.1'],
    });
    return chromium;
  }

  // A check with a browser profile of its own, and this number of tabs in it.
  check(what, count, block) {
    return this.checks.check(what, async () => {
      const profile = await this.browser.createBrowserContext();
      const pages = [];
      for (let number = 0; number < count; number += 1) pages.push(await tab(profile));
      this.tabs.push(...pages);
      try {
        await block(...pages);
      } finally {
        await profile.close();
      }
    });
  }

  // What holds for all pages of the issuer that the checks have seen.
  async close() {
    await this.checks.check('no page has a script, an error on the console, or a policy with form-action', async () => {
      const policies = [...new Set(this.tabs.flatMap((page) => page.policies))];
      expect('were seen', policies.length > 0, true);
      const wanted = ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"];
      expect('lacking', policies.filter((policy) => !wanted.every((part) => policy.includes(part))), []);
      expect('form-action', policies.filter((policy) => /form-action|script-src/.test(policy)), []);
      expect('problems', this.tabs.flatMap((page) => page.problems), []);
    });
    await this.checks.check('no client learns from a referrer where its users come from', async () => {
      const referrers = new Set(Object.values(this.sites).flatMap((site) => [...site.referrers]));
      expect('is among them', referrers.has(ISSUER), false);
    });
    await this.browser.close();
    for (const { server } of Object.values(this.sites)) {
      server.close();
      server.closeAllConnections();
    }
  }
}

// A tab. `problems` has what its console complained about, and `policies` the policy of each of the issuer's pages.
async function tab(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.problems = [];
  page.policies = [];
  page.on('console', (message) => {
    // Chromium also logs each status of 400 and more.
    const isStatus = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isStatus) page.problems.push(message.text());
  });
  page.on('pageerror', (problem) => page.problems.push(problem.message));
  page.on('response', (response) => {
    // The home page has no form, and its own policy.
    const isPage = response.url().startsWith(`${ISSUER}/`) && response.url() !== `${ISSUER}/`;
    if (isPage && response.headers()['content-type']?.startsWith('text/html')) {
      page.policies.push(response.headers()['content-security-policy'] ?? 'none');
    }
  });
  return page;
}

// What the buttons of the page do.
export function actions(page) {
  return page.$$eval('button[name=action]', (buttons) => buttons.map(({ value }) => value));
}

export async function shows(page, action) {
  const found = await actions(page);
  if (!found.includes(action)) throw new Mismatch(`a page to ${action}: expected one, got one to [${found}]`);
}

// Presses a button, and waits for the page after it. Returns its status.
export async function press(page, action) {
  await page.bringToFront();
  const button = await page.$(`button[name=action][value=${action}]`);
  if (!button) throw new Mismatch(`a page to ${action}: expected one, got one to [${await actions(page)}]`);
  const [answer] = await Promise.all([page.waitForNavigation(), button.click()]);
  return answer?.status();
}

export async function logIn(page, { username, password }) {
  await page.bringToFront();
  await page.$eval('#username', (field) => { field.value = ''; });
  await page.type('#username', username);
  await page.type('#password', password);
  return press(page, 'log_in');
}

// Goes to the consent page as a user.
export async function consent(page, url, user) {
  await page.goto(url);
  await logIn(page, user);
  await shows(page, 'allow');
}

// Allows the client, which redeems the code. Returns the access token.
export async function allowed(page, client, kept, user) {
  await press(page, 'allow');
  const answer = await client.redeem(kept, client.judge(kept, page.url()));
  expect('status', answer.status, 200);
  expect('user', (await whoami(answer.access_token)).id, user.username);
  return answer.access_token;
}
