// The SDK of the Model Context Protocol against the example `mcp`, whose authorization server is the portal. The client
// knows the URL of the MCP server, and finds the rest.
import { createRequire } from 'node:module';

import { FormBrowser } from './form_browser.mjs';

const require = createRequire(import.meta.url);
const { Checks, expect, run } = require('./checks.cjs');
const sdk = async (file) => import(require.resolve(`@modelcontextprotocol/sdk/client/${file}.js`));
const { Client } = await sdk('index');
const { StreamableHTTPClientTransport } = await sdk('streamableHttp');
const { UnauthorizedError } = await sdk('auth');
const { ClientCredentialsProvider } = await sdk('auth-extensions');

const { MCP_URL, MCP_ISSUER, MCP_ROBOT_SECRET } = process.env;
const READ = 'datasets:read';
const CALLBACK = 'http://127.0.0.1:45678/callback';

const checks = new Checks(`mcp sdk over ${new URL(MCP_ISSUER).protocol.slice(0, -1)}`, 'opendatasoft');
const { user } = checks.demo;

async function connect(authProvider) {
  const client = new Client({ name: 'check', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider });
  await client.connect(transport);
  return client;
}

async function said(client, name) {
  const answer = await client.callTool({ name, arguments: {} });
  return answer.content[0].text;
}

// A client that acts for itself.
function robot(scope) {
  return new ClientCredentialsProvider({
    clientId: 'robot',
    clientSecret: MCP_ROBOT_SECRET,
    scope,
    expectedIssuer: MCP_ISSUER,
  });
}

// A client without a secret that acts for a user.
class Agent {
  redirectUrl = CALLBACK;
  clientMetadata = { client_name: 'agent', redirect_uris: [CALLBACK], grant_types: ['authorization_code', 'refresh_token'] };

  clientInformation() {
    return { client_id: 'agent', issuer: MCP_ISSUER };
  }

  state() {
    return 'a state & more';
  }

  tokens() {
    return this.kept;
  }

  saveTokens(tokens) {
    this.kept = tokens;
  }

  saveCodeVerifier(verifier) {
    this.verifier = verifier;
  }

  codeVerifier() {
    return this.verifier;
  }

  redirectToAuthorization(url) {
    this.asked = url;
  }
}

// Connects until the SDK sends the user to the authorization server.
async function askedOf(agent) {
  try {
    await connect(agent);
  } catch (problem) {
    if (problem instanceof UnauthorizedError) return agent.asked;
    throw problem;
  }
  throw new Error('the client needed no log-in');
}

async function statusOf(call) {
  try {
    await call();
  } catch (problem) {
    return problem.code;
  }
  return 200;
}

async function forItself() {
  await checks.check('a client with a secret finds its way from the URL alone, and calls each tool', async () => {
    const client = await connect(robot(READ));
    const { tools } = await client.listTools();
    expect('tools', tools.map((tool) => tool.name).sort(), ['list_datasets', 'who_am_i']);
    expect('caller', await said(client, 'who_am_i'), 'robot');
    expect('datasets', await said(client, 'list_datasets'), 'cities, rivers, weather');
    await client.close();
  });

  await checks.check('a token without the scope calls the other tool, and is refused this one with 403', async () => {
    const client = await connect(robot('profile'));
    expect('caller', await said(client, 'who_am_i'), 'robot');
    expect('status', await statusOf(() => said(client, 'list_datasets')), 403);
    await client.close();
  });

  await checks.check('a token that is not for the MCP server is refused', async () => {
    const headers = {
      authorization: `Bearer ${checks.demo.access_token.token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    const answer = await fetch(MCP_URL, { method: 'POST', headers, body });
    expect('status', answer.status, 401);
    const challenge = answer.headers.get('www-authenticate');
    expect('error', /error="invalid_token"/.test(challenge), true);
    expect('scope', /scope="datasets:read"/.test(challenge), true);
  });
}

async function forAUser() {
  const agent = new Agent();
  const browser = new FormBrowser();

  await checks.check('a client without a secret sends its user to the portal, for this server and its scope', async () => {
    const asked = await askedOf(agent);
    const parameters = Object.fromEntries(asked.searchParams);
    expect('origin', asked.origin, MCP_ISSUER);
    expect('resource', parameters.resource, MCP_URL);
    expect('scope', parameters.scope, READ);
    expect('method', parameters.code_challenge_method, 'S256');
  });

  await checks.check('the user allows it, and the client calls the tools for the user', async () => {
    const back = await browser.authorize(agent.asked, user);
    expect('state', back.searchParams.getAll('state'), ['a state & more']);
    expect('issuer', back.searchParams.getAll('iss'), [MCP_ISSUER]);
    const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider: agent });
    await transport.finishAuth(back.searchParams.get('code'));
    const client = await connect(agent);
    expect('caller', await said(client, 'who_am_i'), user.username);
    expect('datasets', await said(client, 'list_datasets'), 'cities, rivers, weather');
    await client.close();
  });

  await checks.check('a token that the MCP server refuses is refreshed', async () => {
    const { refresh_token: refresh } = agent.kept;
    agent.kept = { ...agent.kept, access_token: 'x'.repeat(30) };
    const client = await connect(agent);
    expect('caller', await said(client, 'who_am_i'), user.username);
    expect('a new refresh token', agent.kept.refresh_token !== refresh, true);
    await client.close();
  });

  await checks.check('a user who denies it is sent back with the error', async () => {
    const stranger = new Agent();
    const back = await browser.authorize(await askedOf(stranger), user, 'deny');
    expect('error', back.searchParams.get('error'), 'access_denied');
    expect('no code', back.searchParams.get('code'), null);
    expect('issuer', back.searchParams.get('iss'), MCP_ISSUER);
  });
}

async function main() {
  await forItself();
  await forAUser();
}

run(main);
