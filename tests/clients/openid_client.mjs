// openid-client: the same dance with its own checks of `state`, `iss` and the metadata.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Checks, HTTP, expect, expectPrincipal, run } = require('./checks.cjs');
const { UserAgent } = require('./user_agent.cjs');
const client = await import(require.resolve('openid-client'));

const checks = new Checks('openid-client', 'opendatasoft');
const { demo } = checks;
const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] };

const CLIENTS = {
  'a public client': [demo.public_client, client.None()],
  'a confidential client (Basic)': [demo.client, client.ClientSecretBasic(demo.client.secret)],
  'a confidential client (body)': [demo.client, client.ClientSecretPost(demo.client.secret)],
};

// The URL that the user's browser ends at, and the checks that the client makes of it.
async function ask(found, redirect, decision, more = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const url = client.buildAuthorizationUrl(found, {
    redirect_uri: redirect,
    scope: 'all',
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  });
  const here = await new UserAgent(demo.user).authorize(url, decision);
  return [here, { pkceCodeVerifier, expectedState }];
}

async function whoami(found, token) {
  const answer = await client.fetchProtectedResource(found, token, new URL('/rfc6750/whoami', HTTP), 'GET');
  return answer.json();
}

// The library throws an error whose `error` the server chose, or whose `code` is its own.
async function refused(name, call) {
  try {
    await call();
  } catch (problem) {
    return expect('refusal', problem.error ?? problem.cause?.error ?? problem.code, name);
  }
  throw new Error('it was not refused');
}

async function main() {
  for (const [name, [{ id, redirect_uri: redirect }, shown]] of Object.entries(CLIENTS)) {
    const found = await client.discovery(new URL(HTTP), id, undefined, shown, options);

    await checks.check(`${name} gets a user's token, refreshes, and revokes`, async () => {
      const tokens = await client.authorizationCodeGrant(found, ...(await ask(found, redirect, 'allow')));
      expect('scope', tokens.scope, 'all');
      expectPrincipal(await whoami(found, tokens.access_token), { id: demo.user.username, scopes: ['all'] });
      const next = await client.refreshTokenGrant(found, tokens.refresh_token);
      expectPrincipal(await whoami(found, next.access_token), { id: demo.user.username });
      await client.tokenRevocation(found, next.refresh_token);
      await refused('invalid_grant', () => client.refreshTokenGrant(found, next.refresh_token));
      await refused('OAUTH_WWW_AUTHENTICATE_CHALLENGE', () => whoami(found, next.access_token));
    });

    await checks.check(`${name} learns that the user denied`, async () => {
      const [here, kept] = await ask(found, redirect, 'deny');
      await refused('access_denied', () => client.authorizationCodeGrant(found, here, kept));
    });

    await checks.check(`${name} takes no answer of another issuer or to another request`, async () => {
      const [here, kept] = await ask(found, redirect, 'allow');
      const mixedUp = new URL(here);
      mixedUp.searchParams.set('iss', 'https://other.example');
      await refused('OAUTH_INVALID_RESPONSE', () => client.authorizationCodeGrant(found, mixedUp, kept));
      const other = { ...kept, expectedState: client.randomState() };
      await refused('OAUTH_INVALID_RESPONSE', () => client.authorizationCodeGrant(found, here, other));
      await client.authorizationCodeGrant(found, here, kept);
    });

    await checks.check(`${name} gets its long state back byte for byte`, async () => {
      const state = `${'a'.repeat(1_000)} +%26&=/?#ü€"<>`;
      const [here, kept] = await ask(found, redirect, 'allow', { state });
      const tokens = await client.authorizationCodeGrant(found, here, { ...kept, expectedState: state });
      expect('scope', tokens.scope, 'all');
    });
  }

  await checks.check('a confidential client introspects a token of a user', async () => {
    const [{ id, redirect_uri: redirect }, shown] = CLIENTS['a confidential client (Basic)'];
    const found = await client.discovery(new URL(HTTP), id, undefined, shown, options);
    const tokens = await client.authorizationCodeGrant(found, ...(await ask(found, redirect, 'allow')));
    const known = await client.tokenIntrospection(found, tokens.access_token);
    expect('known', [known.active, known.client_id, known.scope], [true, id, 'all']);
    await client.tokenRevocation(found, tokens.access_token);
    expect('afterwards', await client.tokenIntrospection(found, tokens.access_token), { active: false });
  });

  await checks.check('a client without a secret gets no token for itself', async () => {
    const [{ id }, shown] = CLIENTS['a public client'];
    const found = await client.discovery(new URL(HTTP), id, undefined, shown, options);
    await refused('unauthorized_client', () => client.clientCredentialsGrant(found, { scope: 'all' }));
  });

  await checks.check('a service gets a token for itself', async () => {
    const { id, secret } = demo.service_client;
    const found = await client.discovery(new URL(HTTP), id, undefined, client.ClientSecretBasic(secret), options);
    const { access_token: token } = await client.clientCredentialsGrant(found, { scope: 'all' });
    expectPrincipal(await whoami(found, token), { id });
  });
}

run(main);
