// What the JavaScript scripts share: where the portal is, its demo credentials, and one printed line per check.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const HTTP = process.env.PORTAL_HTTP;
const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const REFUSALS = read(path.join(__dirname, 'refusals.json'));

// Holds only what may be printed: never a secret.
class Mismatch extends Error {}

// The checks of one client against one platform's routes.
class Checks {
  constructor(client, platform) {
    this.client = client;
    this.demo = read(path.join(process.env.PORTAL_DATA, 'demo-credentials.json'))[platform];
    this.refusals = { ...REFUSALS.standard, ...REFUSALS[platform] };
  }

  // Prints `ok` unless the block throws. Foreign messages stay unprinted: they may quote a URL with a secret.
  async check(what, block) {
    try {
      await block();
      console.log(`ok ${this.client}: ${what}`);
    } catch (problem) {
      const reason = problem instanceof Mismatch ? problem.message : problem?.name;
      console.log(`not ok ${this.client}: ${what} (${reason})`);
    }
  }

  // The answer is the one `refusals.json` has for `kind`.
  expectRefusal(kind, status, error) {
    const [wantedStatus, wantedError] = this.refusals[kind];
    expect('status', status, wantedStatus);
    if (wantedError !== null) expect('error', error, wantedError);
  }
}

function expect(label, got, wanted) {
  const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (left !== right) throw new Mismatch(`${label}: expected ${right}, got ${left}`);
}

// `fields` are those of the portal's `whoami` answer.
function expectPrincipal(whoami, fields) {
  for (const [name, wanted] of Object.entries(fields)) expect(name, whoami[name], wanted);
}

// A secret of the same form that nobody was given.
function altered(secret) {
  const at = secret.length - 10;
  return secret.slice(0, at) + (secret[at] === 'a' ? 'b' : 'a') + secret.slice(at + 1);
}

// A callback that never comes ends the process early; that must not look like success.
function run(main) {
  process.exitCode = 1;
  main().then(() => {
    process.exitCode = 0;
  });
}

module.exports = { Checks, HTTP, Mismatch, altered, expect, expectPrincipal, run };
