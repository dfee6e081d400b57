// `conformance authorization` of the Model Context Protocol against the portal. The package opens no browser: it prints
// the URL that a user would visit.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { FormBrowser } from './form_browser.mjs';

const require = createRequire(import.meta.url);
const { Checks, HTTP, expect, run } = require('./checks.cjs');
const { MCP_URL } = process.env;
const PORT = 45679;
const SCENARIOS = ['authorization-code-grant', 'authorization-server-metadata-endpoint'];

// What the portal does not have, so its metadata does not name it. The package warns of it.
const ABSENT = ['authorization-server-metadata-cimd'];

const checks = new Checks('mcp conformance', 'opendatasoft');

// The package imports `globSync`, which Node.js 20 does not have, for a command that is not used here.
function loader() {
  const code = (text) => `data:text/javascript,${encodeURIComponent(text)}`;
  const shim = code("export * from 'node:fs'; export const globSync = () => [];");
  const hook = code(
    `export const resolve = (name, context, next) =>
       name === 'fs' ? { url: ${JSON.stringify(shim)}, shortCircuit: true } : next(name, context);`,
  );
  return code(`import { register } from 'node:module'; register(${JSON.stringify(hook)});`);
}

// Runs every scenario, and plays the browser for them. Returns the results by scenario.
async function scenarios(folder) {
  const program = path.join(path.dirname(require.resolve('@modelcontextprotocol/conformance/package.json')), 'dist/index.js');
  const flags = ['--url', HTTP, '--client-id', 'conformance', '--resource', MCP_URL, '--port', String(PORT)];
  const command = ['--import', loader(), program, 'authorization', ...flags, '--output-dir', folder];
  const child = execFile(process.execPath, command, { timeout: 60_000 });
  const results = new Map();
  let name;
  for await (const line of createInterface({ input: child.stdout })) {
    name = /^=== Running scenario: (\S+) ===$/.exec(line)?.[1] ?? name;
    const [, saved] = /^Results saved to (.*)$/.exec(line) ?? [];
    if (saved !== undefined) results.set(name, JSON.parse(fs.readFileSync(path.join(saved, 'checks.json'), 'utf8')));
    if (line.startsWith(`${HTTP}/`)) await fetch(await new FormBrowser().authorize(line, checks.demo.user));
  }
  return results;
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'conformance-'));
  let results = new Map();
  await checks.check('its scenarios run', async () => {
    results = await scenarios(folder).finally(() => fs.rmSync(folder, { recursive: true }));
    expect('scenarios', [...results.keys()].sort(), SCENARIOS);
  });
  for (const [name, found] of results) {
    await checks.check(name, async () => {
      const wanted = ({ id }) => (ABSENT.includes(id) ? 'WARNING' : 'SUCCESS');
      const others = found.filter((result) => result.status !== wanted(result));
      expect('others', others.map(({ id, status }) => `${id} ${status}`), []);
    });
  }
}

run(main);
