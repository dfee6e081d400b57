// Chromium: users end what they have allowed, read a one-time code, and are safe from other sites.
import { createRequire } from 'node:module';

import { Chromium, Client, ISSUER, actions, allowed, consent, logIn, press, shows, url, whoami } from './browser_kit.mjs';

const require = createRequire(import.meta.url);
const { Checks, expect, run } = require('./checks.cjs');
const { UserAgent } = require('./user_agent.cjs');

const chromium = await Chromium.open('Chromium account');
const { clients, sites, user } = chromium;
const LOG_OUT = url('/oauth2/logout/');
const APPLICATIONS = url('/oauth2/applications/');

async function account() {
  await chromium.check('the log-out ends what was allowed since the log-in', 1, async (page) => {
    const kept = clients.web.ask();
    await consent(page, kept.url, user);
    const token = await allowed(page, clients.web, kept, user);
    await page.goto(LOG_OUT);
    expect('still', (await whoami(token)).status, 200);
    await press(page, 'log_out');
    expect('afterwards', (await whoami(token)).status, 401);
    await page.goto(kept.url);
    await shows(page, 'log_in');
  });

  await chromium.check('the connected applications are listed, and one of them is ended', 1, async (page) => {
    const [one, other] = [clients.web.ask(), clients.device.ask()];
    await consent(page, one.url, user);
    const ended = await allowed(page, clients.web, one, user);
    await page.goto(other.url);
    const kept = await allowed(page, clients.device, other, user);
    await page.goto(APPLICATIONS);
    const text = await page.$eval('main', ({ textContent }) => textContent);
    expect('names', ['(web)', '(device)'].map((name) => text.includes(name)), [true, true]);
    const form = await page.$(`form:has(input[name=client][value="${clients.web.id}"])`);
    const button = await form.$('button[value=end]');
    await Promise.all([page.waitForNavigation(), button.click()]);
    expect('is listed', (await page.content()).includes(clients.web.id), false);
    expect('tokens', [(await whoami(ended)).status, (await whoami(kept)).status], [401, 200]);
    await page.reload();
    expect('is listed after a reload', (await page.content()).includes(clients.device.id), true);
  });
}

// GeoDataHub's users copy a code from a page into their client.
async function codePage() {
  const { demo } = new Checks('', 'geodatahub');
  const client = await Client.geodatahub(demo.client_id);

  await chromium.check('a page shows a one-time code, which gets three tokens once', 1, async (page) => {
    const kept = client.ask();
    await consent(page, kept.url, demo.user);
    await press(page, 'allow');
    const code = await page.$eval('.code code', ({ textContent }) => textContent);
    const answer = await client.redeem(kept, code);
    const tokens = ['access_token', 'id_token', 'refresh_token'].filter((name) => answer[name]);
    expect('tokens', tokens, ['access_token', 'id_token', 'refresh_token']);
    expect('again', (await client.redeem(kept, code)).error, 'invalid_grant');
  });

  await chromium.check('a click selects the whole code', 1, async (page) => {
    await consent(page, client.ask().url, demo.user);
    await press(page, 'allow');
    await page.click('.code code');
    const code = await page.$eval('.code code', ({ textContent }) => textContent);
    expect('selected', await page.evaluate(() => getSelection().toString().trim()) === code, true);
  });

  await chromium.check('a page explains that access was denied, if no client can learn it', 1, async (page) => {
    await consent(page, client.ask().url, demo.user);
    expect('status', await press(page, 'deny'), 403);
    expect('buttons', await actions(page), []);
  });
}

async function strangers() {
  await chromium.check('another site cannot show the consent page in a frame', 1, async (page) => {
    const kept = clients.web.ask();
    await consent(page, kept.url, user);
    sites.evil.pages.set('/frame', `<!doctype html><iframe src="${kept.url.replaceAll('&', '&amp;')}"></iframe>`);
    await page.goto(`${sites.evil.origin}/frame`);
    const [frame] = page.mainFrame().childFrames();
    expect('buttons', await frame.$$eval('button', (buttons) => buttons.length).catch(() => 0), 0);
    page.problems.length = 0;
  });

  await chromium.check("another site cannot post its own user's consent from a user's browser", 1, async (page) => {
    const kept = clients.web.ask();
    const eve = new UserAgent(user);
    // The last page is the consent page, because no button does this.
    const { forms } = await eve.visit(kept.url, 'nothing');
    const form = forms.find((each) => each.actions.includes('allow'));
    const fields = Object.entries({ ...form.fields, action: 'allow' });
    const inputs = fields.map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`).join('');
    const action = form.url.href.replaceAll('&', '&amp;');
    sites.evil.pages.set('/post', `<!doctype html><form method="post" action="${action}">${inputs}<button>Go</button></form>`);
    await consent(page, kept.url, user);
    await page.goto(`${sites.evil.origin}/post`);
    await Promise.all([page.waitForNavigation(), page.click('button')]);
    expect('is still here', new URL(page.url()).origin, ISSUER);
    expect('goes on', (await actions(page)).includes('allow'), false);
  });

  for (const [flaw, more] of Object.entries({
    'a client that is not registered': { client_id: 'nothing-of-that-name' },
    'a redirect URI that is not registered': { redirect_uri: `${sites.evil.origin}/callback` },
    'a redirect URI with more after it': { redirect_uri: `${clients.web.redirect}/more` },
  })) {
    await chromium.check(`${flaw} is a page with an explanation, and no redirect`, 1, async (page) => {
      const answer = await page.goto(clients.web.ask(more).url);
      expect('page', [answer.status(), new URL(page.url()).origin], [400, ISSUER]);
      expect('buttons', await actions(page), []);
    });
  }
}

async function main() {
  try {
    await account();
    await codePage();
    await strangers();
  } finally {
    await chromium.close();
  }
}

run(main);
