// simple-oauth2: codes, refreshes and revocations, with the secret in each place there is.
'use strict';

const { createHash, randomBytes } = require('node:crypto');
const { AuthorizationCode, ClientCredentials, ResourceOwnerPassword } = require('simple-oauth2');
const { Checks, HTTP, altered, expect, expectPrincipal, run } = require('./checks.cjs');
const { UserAgent } = require('./user_agent.cjs');

const ods = new Checks('simple-oauth2', 'opendatasoft');
const usergrid = new Checks('simple-oauth2', 'usergrid');
const { user, client: confidential, public_client: publicClient, service_client: service } = ods.demo;

const AUTH = { tokenHost: HTTP, tokenPath: '/oauth2/token/', revokePath: '/oauth2/revoke/' };
const CODE_AUTH = { ...AUTH, authorizePath: '/oauth2/authorize/' };

// The client, and how the library shows it: `loose` leaves the halves of Basic as they are.
const WAYS = {
  'with its secret as Basic': [confidential, { authorizationMethod: 'header' }],
  'with its secret as plain Basic': [confidential, { authorizationMethod: 'header', credentialsEncodingMode: 'loose' }],
  'with its secret in the body': [confidential, { authorizationMethod: 'body' }],
  'without a secret': [publicClient, { authorizationMethod: 'body' }],
};

function settings({ id, secret = '' }, options, auth = AUTH) {
  return { client: { id, secret }, auth, options };
}

// The code that the user's browser brings, and the parameters that redeem it.
async function ask(library, redirect_uri, decision) {
  const code_verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('hex');
  const url = library.authorizeURL({
    redirect_uri,
    scope: 'all',
    state,
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const { searchParams: answer } = await new UserAgent(user).authorize(url, decision);
  expect('state', answer.get('state'), state);
  expect('iss', answer.get('iss'), HTTP);
  return { error: answer.get('error'), code: answer.get('code'), redirect_uri, code_verifier };
}

async function whoami(token, path = '/rfc6750/whoami') {
  const answer = await fetch(new URL(path, HTTP), { headers: { Authorization: `Bearer ${token}` } });
  return { status: answer.status, ...(await answer.json()) };
}

function expectDead({ status, error }) {
  ods.expectRefusal('access_token', status, error);
}

// The library throws an error with the answer.
async function refusedAs(checks, kind, call) {
  try {
    await call();
  } catch (problem) {
    return checks.expectRefusal(kind, problem.output.statusCode, problem.data.payload.error);
  }
  throw new Error('it was not refused');
}

async function main() {
  for (const [way, [of, options]] of Object.entries(WAYS)) {
    const library = new AuthorizationCode(settings(of, options, CODE_AUTH));

    await ods.check(`a client ${way} gets a user's token, refreshes, and revokes`, async () => {
      const { error: _, ...parameters } = await ask(library, of.redirect_uri, 'allow');
      const first = await library.getToken(parameters);
      expect('type', first.token.token_type.toLowerCase(), 'bearer');
      expect('expired', first.expired(), false);
      expectPrincipal(await whoami(first.token.access_token), { id: user.username, scopes: ['all'] });
      const second = await first.refresh();
      expectPrincipal(await whoami(second.token.access_token), { id: user.username });
      await second.revoke('refresh_token');
      expectDead(await whoami(second.token.access_token));
      await refusedAs(ods, 'grant', () => second.refresh());
    });

    await ods.check(`a client ${way} learns that the user denied`, async () => {
      const { error, code } = await ask(library, of.redirect_uri, 'deny');
      expect('answer', [error, code], ['access_denied', null]);
    });

    await ods.check(`a code works once for a client ${way}`, async () => {
      const { error: _, ...parameters } = await ask(library, of.redirect_uri, 'allow');
      const { token } = await library.getToken(parameters);
      await refusedAs(ods, 'grant', () => library.getToken(parameters));
      expectDead(await whoami(token.access_token));
    });

    if (of === publicClient) continue;

    await ods.check(`a service ${way} gets a token for itself`, async () => {
      const { token } = await new ClientCredentials(settings(service, options)).getToken({ scope: 'all' });
      expectPrincipal(await whoami(token.access_token), { id: service.id });
    });

    await ods.check(`a service ${way} is refused if the secret is wrong`, async () => {
      const wrong = settings({ ...service, secret: altered(service.secret) }, options);
      await refusedAs(ods, 'token_client', () => new ClientCredentials(wrong).getToken());
    });
  }

  const { org, user: wendy, app_client: admin } = usergrid.demo;
  const weather = { tokenHost: HTTP, tokenPath: `/${org}/weather/token` };
  for (const bodyFormat of ['form', 'json']) {
    const options = { authorizationMethod: 'body', bodyFormat };

    await usergrid.check(`logs a user in with a password in a ${bodyFormat} body`, async () => {
      // Usergrid's log-in names no client.
      const library = new ResourceOwnerPassword(settings({ id: '' }, options, weather));
      const { token } = await library.getToken({ username: wendy.username, password: wendy.password });
      expectPrincipal(await whoami(token.access_token, `/${org}/weather/whoami`), { id: wendy.username, org });
    });

    await usergrid.check(`logs an application's client in with a ${bodyFormat} body`, async () => {
      const { token } = await new ClientCredentials(settings(admin, options, weather)).getToken();
      expectPrincipal(await whoami(token.access_token, `/${org}/weather/whoami`), { id: admin.id, app: 'weather' });
    });
  }
}

run(main);
