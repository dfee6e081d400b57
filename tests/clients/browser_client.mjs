// Chromium: users log in, allow and deny, go back, use two tabs, and end what they have allowed.
import { createRequire } from 'node:module';

import { Chromium, SCHEME, allowed, consent, logIn, press, shows, url } from './browser_kit.mjs';

const require = createRequire(import.meta.url);
const { altered, expect, run } = require('./checks.cjs');

const chromium = await Chromium.open('Chromium');
const { clients, sites, user } = chromium;
const LOG_OUT = url('/oauth2/logout/');
const APPLICATIONS = url('/oauth2/applications/');

// The URL with which the browser would start the application of a scheme. Chromium does not always report the request
// for it, but it does report the redirect, and a policy that stops the redirect is a problem of the page.
async function started(page, press) {
  const session = await page.createCDPSession();
  await session.send('Network.enable');
  const target = new Promise((found, failed) => {
    const look = (url) => { if (url?.startsWith(`${SCHEME}:`)) found(url); };
    page.on('request', (request) => look(request.url()));
    session.on('Network.responseReceivedExtraInfo', ({ headers }) => look(headers.location ?? headers.Location));
    setTimeout(() => failed(new Error('no application is started')), 10_000).unref();
  });
  await Promise.all([target, press()]);
  return target;
}

async function callbacks() {
  for (const [kind, client] of [['an https URL', clients.web], ['a port of 127.0.0.1', clients.device]]) {
    await chromium.check(`"Allow" takes a code to ${kind}`, 1, async (page) => {
      const kept = client.ask();
      await consent(page, kept.url, user);
      await allowed(page, client, kept, user);
    });

    await chromium.check(`"Deny" takes the refusal to ${kind}`, 1, async (page) => {
      const kept = client.ask();
      await consent(page, kept.url, user);
      await press(page, 'deny');
      client.judge(kept, page.url(), { error: 'access_denied' });
    });
  }

  await chromium.check('"Allow" takes a code to an https URL that redirects to another site', 1, async (page) => {
    const kept = clients.onward.ask();
    await consent(page, kept.url, user);
    await press(page, 'allow');
    const code = clients.onward.judge(kept, page.url(), { at: `${sites.elsewhere.origin}/callback` });
    expect('status', (await clients.onward.redeem(kept, code)).status, 200);
  });

  for (const [action, error] of [['allow', null], ['deny', 'access_denied']]) {
    await chromium.check(`a press of "${action}" starts the application of a scheme`, 1, async (page) => {
      const kept = clients.scheme.ask();
      await consent(page, kept.url, user);
      const landed = await started(page, () => page.click(`button[value=${action}]`));
      const code = clients.scheme.judge(kept, landed, { error });
      if (action === 'allow') expect('status', (await clients.scheme.redeem(kept, code)).status, 200);
    });
  }

  // So the checks above would notice such a policy.
  await chromium.check('a policy with form-action keeps the application of a scheme from starting', 1, async (page) => {
    const kept = clients.scheme.ask();
    await consent(page, kept.url, user);
    await page.evaluate(() => {
      const policy = document.createElement('meta');
      [policy.httpEquiv, policy.content] = ['Content-Security-Policy', "form-action 'self'"];
      document.head.append(policy);
      document.addEventListener('securitypolicyviolation', (event) => { window.violated = event.violatedDirective; });
    });
    const targets = [];
    page.on('request', (request) => targets.push(request.url()));
    await page.click('button[value=allow]');
    await page.waitForFunction(() => window.violated === 'form-action');
    expect('starts', targets.filter((target) => target.startsWith(SCHEME)), []);
    page.problems.length = 0;
  });
}

async function passwords() {
  await chromium.check('a wrong password keeps the request and the user name, and the right one goes on', 1, async (page) => {
    const kept = clients.web.ask();
    await page.goto(kept.url);
    const status = await logIn(page, { ...user, password: altered(user.password) });
    expect('is refused', status >= 400 && status < 500, true);
    expect('says so', await page.$eval('[role=alert]', ({ textContent }) => textContent.length > 0), true);
    expect('user name', await page.$eval('#username', ({ value }) => value), user.username);
    expect('password', await page.$eval('#password', ({ value }) => value), '');
    expect('focus', await page.evaluate(() => document.activeElement.id), 'password');
    await logIn(page, user);
    await allowed(page, clients.web, kept, user);
  });

  await chromium.check('the log-in gives the browser another session than an earlier one', 1, async (page) => {
    const session = async () => (await page.cookies(url('/'))).find(({ name }) => name.includes('tp-session'));
    await consent(page, clients.web.ask().url, user);
    const first = await session();
    expect('attributes', [first.httpOnly, first.sameSite, first.path, first.secure],
      [true, 'Lax', '/', url('/').startsWith('https:')]);
    await page.goto(LOG_OUT);
    await press(page, 'log_out');
    expect('after the log-out', await session(), undefined);
    await consent(page, clients.web.ask().url, user);
    expect('is another', (await session()).value !== first.value, true);
  });
}

async function history() {
  await chromium.check('back after the log-in leads to no form that was sent already', 1, async (page) => {
    const kept = clients.web.ask();
    await page.goto(`${sites.client.origin}/callback`);
    await consent(page, kept.url, user);
    const answer = await page.goBack();
    if (page.url() === kept.url) {
      expect('status', answer.status(), 200);
      await shows(page, 'allow');
    } else {
      expect('page', page.url(), `${sites.client.origin}/callback`);
    }
  });

  await chromium.check('back after "Allow" asks again, and another "Allow" gives another code', 1, async (page) => {
    const kept = clients.web.ask();
    await consent(page, kept.url, user);
    await press(page, 'allow');
    const first = clients.web.judge(kept, page.url());
    await page.goBack();
    await shows(page, 'allow');
    await press(page, 'allow');
    const second = clients.web.judge(kept, page.url());
    expect('is another', second !== first, true);
    expect('second', (await clients.web.redeem(kept, second)).status, 200);
    expect('first', (await clients.web.redeem(kept, first)).status, 200);
  });

  await chromium.check('back after "Deny" asks again', 1, async (page) => {
    const kept = clients.web.ask();
    await consent(page, kept.url, user);
    await press(page, 'deny');
    await page.goBack();
    await allowed(page, clients.web, kept, user);
  });

  await chromium.check('back after the log-out shows nothing of the account', 1, async (page) => {
    await page.goto(APPLICATIONS);
    await logIn(page, user);
    await page.goto(LOG_OUT);
    await press(page, 'log_out');
    await page.goBack();
    await page.goBack();
    const text = await page.$eval('body', ({ textContent }) => textContent);
    expect('is in it', text.includes(user.username), false);
  });
}

async function twoTabs() {
  await chromium.check('two tabs have a request each, and neither takes the place of the other', 2, async (first, second) => {
    const [one, other] = [clients.web.ask(), clients.device.ask()];
    await first.goto(one.url);
    await second.goto(other.url);
    await logIn(first, user);
    await logIn(second, user);
    await allowed(second, clients.device, other, user);
    await allowed(first, clients.web, one, user);
  });

  await chromium.check('a session that another tab ended asks for a log-in, and then for the same request', 2, async (first, second) => {
    const kept = clients.web.ask();
    await consent(first, kept.url, user);
    await second.goto(LOG_OUT);
    await press(second, 'log_out');
    await press(first, 'allow');
    await shows(first, 'log_in');
    expect('says why', await first.$eval('[role=alert]', ({ textContent }) => textContent.length > 0), true);
    await logIn(first, user);
    await shows(first, 'allow');
    await allowed(first, clients.web, kept, user);
  });

  await chromium.check('a consent that was shown to one session is none of the next session', 2, async (first, second) => {
    const kept = clients.web.ask();
    await consent(first, kept.url, user);
    await second.goto(LOG_OUT);
    await press(second, 'log_out');
    await consent(second, clients.web.ask().url, user);
    await press(first, 'allow');
    expect('is still here', new URL(first.url()).origin, new URL(url('/')).origin);
  });
}

async function main() {
  try {
    await callbacks();
    await passwords();
    await history();
    await twoTabs();
  } finally {
    await chromium.close();
  }
}

run(main);
