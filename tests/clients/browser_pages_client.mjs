// Chromium: each page on a phone and on a desktop, light and dark, by keyboard alone, and as a screen reader has it.
// BROWSER_PICTURES names a folder for pictures of them.
import { createRequire } from 'node:module';
import path from 'node:path';

import { Chromium, Client, ISSUER, actions, allowed, consent, logIn, press, shows, url } from './browser_kit.mjs';

const require = createRequire(import.meta.url);
const { Checks, altered, expect, run } = require('./checks.cjs');

const SCREENS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };
const SCHEMES = ['light', 'dark'];
// The narrowest screen of WCAG 2.2 (1.4.10), the ratio of its level AA (1.4.3), and the smallest target (2.5.8).
const NARROWEST = { width: 320, height: 640 };
const [CONTRAST, TARGET] = [4.5, 24];

const chromium = await Chromium.open('Chromium pages');
const { clients, sites, user } = chromium;
const { demo: geodatahub } = new Checks('', 'geodatahub');
const codes = await Client.geodatahub(geodatahub.client_id);

// How to come to each page, in a browser without a session.
const PAGES = {
  'log-in': (page) => page.goto(clients.web.ask().url),
  'log-in, wrong password': async (page) => {
    await page.goto(clients.web.ask().url);
    await logIn(page, { ...user, password: altered(user.password) });
  },
  consent: (page) => consent(page, clients.web.ask().url, user),
  'consent for an app on this device': (page) => consent(page, clients.scheme.ask().url, user),
  code: async (page) => {
    await consent(page, codes.ask().url, geodatahub.user);
    await press(page, 'allow');
  },
  'consent for a code': (page) => consent(page, codes.ask().url, geodatahub.user),
  error: (page) => page.goto(clients.web.ask({ redirect_uri: `${sites.evil.origin}/callback` }).url),
  'connected applications': async (page) => {
    const kept = clients.web.ask();
    await consent(page, kept.url, user);
    await allowed(page, clients.web, kept, user);
    await page.goto(url('/oauth2/applications/'));
  },
  'log-out': async (page) => {
    await page.goto(url('/oauth2/applications/'));
    await logIn(page, user);
    await page.goto(url('/oauth2/logout/'));
  },
  'logged out': (page) => page.goto(url('/oauth2/logout/')),
  home: (page) => page.goto(url('/')),
};

// What runs in the page: texts with too little contrast, and what is wider or smaller than it may be.
function measured(contrast, target) {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if ((color[3] ?? 1) > 0) return color;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255];
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const seen = [...document.body.querySelectorAll('*')].filter((element) => element.getClientRects().length > 0);
  const faint = seen.filter((element) => hasText(element) || element.tagName === 'INPUT').filter((element) => {
    const [text, behind] = [channels(getComputedStyle(element).color), background(element)].map(luminance);
    return (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05) < contrast;
  });
  const small = seen.filter((element) => element.matches('button, input')).filter((element) => {
    const { width, height } = element.getBoundingClientRect();
    return Math.min(width, height) < target;
  });
  const name = (element) => `${element.tagName} ${element.className}`.trim();
  const wide = document.documentElement.scrollWidth > innerWidth ? ['the page'] : [];
  return { faint: faint.map(name), small: small.map(name), wide };
}

// What a screen reader has: the language, the title, the headings, the landmark and the names of fields and buttons.
function named() {
  const controls = [...document.querySelectorAll('input:not([type=hidden]), button')];
  const isNamed = (element) => (element.tagName === 'BUTTON' ? element.textContent.trim() : element.labels?.length);
  return {
    language: document.documentElement.lang,
    title: document.title.length > 0,
    h1: document.querySelectorAll('h1').length,
    main: document.querySelectorAll('main').length,
    unnamed: controls.filter((element) => !isNamed(element)).map(({ name }) => name),
    scripts: document.querySelectorAll('script, [style], [onclick]').length,
  };
}

// Lets the next Tab come to the first control.
function toTheTop() {
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
}

// Presses Tab until the focus comes round. Returns each element on the way, and whether its focus can be seen.
async function tour(page) {
  const stops = [];
  // The browser gives the first field the focus a moment after the page is there.
  await page.waitForFunction(() => {
    const first = document.querySelector('[autofocus]');
    return !first || document.activeElement === first;
  }, { polling: 50 });
  await page.evaluate(toTheTop);
  for (let step = 0; step < 100; step += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === document.body) return null;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const outline = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
      const all = [...document.querySelectorAll('*')];
      return { at: all.indexOf(element), what: element.value || element.id || element.textContent, seen: outline || boxShadow !== 'none' };
    });
    if (stop === null || stops.some(({ at }) => at === stop.at)) return stops;
    stops.push(stop);
  }
  throw new Error('the focus never comes round');
}

async function picture(page, name, screen, scheme) {
  const folder = process.env.BROWSER_PICTURES;
  if (!folder) return;
  const file = `${name.replaceAll(/[^a-z]+/g, '-')}-${screen}-${scheme}.png`;
  await page.screenshot({ path: path.join(folder, file), fullPage: true });
}

async function looks() {
  for (const [name, reach] of Object.entries(PAGES)) {
    await chromium.check(`${name}: fits a phone and a desktop, and can be read in light and dark`, 1, async (page) => {
      await reach(page);
      for (const scheme of SCHEMES) {
        await page.emulateMediaFeatures([
          { name: 'prefers-color-scheme', value: scheme },
          // Colors do not change by and by.
          { name: 'prefers-reduced-motion', value: 'reduce' },
        ]);
        for (const [screen, size] of Object.entries({ narrow: NARROWEST, ...SCREENS })) {
          await page.setViewport(size);
          expect(`${screen}, ${scheme}`, await page.evaluate(measured, CONTRAST, TARGET), { faint: [], small: [], wide: [] });
          if (screen !== 'narrow') await picture(page, name, screen, scheme);
        }
      }
    });

    await chromium.check(`${name}: has a language, a title, one heading, and a name for each field and button`, 1, async (page) => {
      await reach(page);
      const wanted = { language: 'en', title: true, h1: 1, main: 1, unnamed: [], scripts: 0 };
      expect('page', await page.evaluate(named), wanted);
    });

    await chromium.check(`${name}: Tab comes to each control in order, can be seen, and is not caught`, 1, async (page) => {
      await reach(page);
      const stops = await tour(page);
      const controls = await page.evaluate(() => {
        const all = [...document.querySelectorAll('*')];
        return all.flatMap((element, at) => (element.matches('a[href], button, input:not([type=hidden]), summary, [tabindex="0"]') ? [at] : []));
      });
      expect('controls', stops.map(({ at }) => at), controls);
      expect('unseen', stops.filter(({ seen }) => !seen).map(({ what }) => what), []);
    });
  }
}

async function keyboard() {
  await chromium.check('a user logs in and allows with the keyboard alone', 1, async (page) => {
    const kept = clients.web.ask();
    await page.goto(kept.url);
    await page.waitForFunction(() => document.activeElement.id === 'username');
    await page.keyboard.type(user.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(user.password);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await shows(page, 'allow');
    await enter(page, 'allow', 'Enter');
    clients.web.judge(kept, page.url());
  });

  await chromium.check('a user denies with the keyboard alone', 1, async (page) => {
    const kept = clients.web.ask();
    await consent(page, kept.url, user);
    await enter(page, 'deny', 'Space');
    clients.web.judge(kept, page.url(), { error: 'access_denied' });
  });

  await chromium.check('a user ends an application and logs out with the keyboard alone', 1, async (page) => {
    const kept = clients.web.ask();
    await consent(page, kept.url, user);
    await allowed(page, clients.web, kept, user);
    await page.goto(url('/oauth2/applications/'));
    const before = (await actions(page)).filter((action) => action === 'end').length;
    await enter(page, 'end', 'Enter');
    expect('left', (await actions(page)).filter((action) => action === 'end').length, before - 1);
    await enter(page, 'log_out', 'Enter');
    expect('origin', new URL(page.url()).origin, new URL(ISSUER).origin);
    await page.goto(kept.url);
    await shows(page, 'log_in');
  });
}

// Comes to a button with Tab, and presses it with a key.
async function enter(page, action, key) {
  await page.evaluate(toTheTop);
  for (let step = 0; step < 100; step += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement.value === wanted, action)) {
      await Promise.all([page.waitForNavigation(), page.keyboard.press(key)]);
      return;
    }
  }
  throw new Error('Tab never comes to the button');
}

async function main() {
  try {
    await looks();
    await keyboard();
  } finally {
    await chromium.close();
  }
}

run(main);
