// oauth4webapi: finds the server by its metadata, logs a client in, introspects its token, and revokes it.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Checks, HTTP, altered, expect, expectPrincipal, run } = require('./checks.cjs');
const oauth = await import(require.resolve('oauth4webapi'));

const checks = new Checks('oauth4webapi', 'opendatasoft');
const { demo } = checks;
const client = { client_id: demo.service_client.id };
const plain = { [oauth.allowInsecureRequests]: true };

async function discover() {
  const issuer = new URL(HTTP);
  const answer = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...plain });
  return oauth.processDiscoveryResponse(issuer, answer);
}

// The ways in which a client shows its secret: `Basic` with both halves form-encoded, or in the body.
const WAYS = { Basic: oauth.ClientSecretBasic, 'the body': oauth.ClientSecretPost };

async function logIn(server, shown, parameters = {}) {
  const answer = await oauth.clientCredentialsGrantRequest(server, client, shown, parameters, plain);
  return oauth.processClientCredentialsResponse(server, client, answer);
}

async function introspect(server, shown, token) {
  const answer = await oauth.introspectionRequest(server, client, shown, token, plain);
  return oauth.processIntrospectionResponse(server, client, answer);
}

async function whoami(token) {
  return oauth.protectedResourceRequest(token, 'GET', new URL('/rfc6750/whoami', HTTP), undefined, undefined, plain);
}

// The library throws what a server answered with an error.
async function refusedAs(kind, call) {
  try {
    await call();
  } catch (problem) {
    const [status, error] = checks.refusals[kind];
    expect('status', problem.status, status);
    // If there is a challenge, the library throws that, without the body.
    if (problem.error !== undefined) expect('error', problem.error, error);
    return;
  }
  throw new Error('it was not refused');
}

async function main() {
  let server;
  await checks.check('finds the endpoints by the issuer alone', async () => {
    server = await discover();
    expect('issuer', server.issuer, HTTP);
    const endpoints = ['token_endpoint', 'revocation_endpoint', 'introspection_endpoint'];
    expect('endpoints', endpoints.map((name) => new URL(server[name]).origin), [HTTP, HTTP, HTTP]);
    expect('grants', server.grant_types_supported.includes('client_credentials'), true);
  });

  for (const [way, method] of Object.entries(WAYS)) {
    const shown = method(demo.service_client.secret);
    await checks.check(`logs a client in with its secret in ${way}, and works with the token`, async () => {
      const answer = await logIn(server, shown);
      expect('type', answer.token_type.toLowerCase(), 'bearer');
      expect('a lifetime', answer.expires_in > 0, true);
      expect('no refresh token', answer.refresh_token, undefined);
      expectPrincipal(await (await whoami(answer.access_token)).json(), { id: demo.service_client.id, scopes: ['all'] });
    });

    await checks.check(`introspects and revokes with its secret in ${way}`, async () => {
      const { access_token: token, expires_in: lifetime } = await logIn(server, shown, { scope: 'all' });
      const active = await introspect(server, shown, token);
      expect('active', [active.active, active.client_id, active.scope], [true, demo.service_client.id, 'all']);
      expect('lifetime', Math.abs(active.exp - Date.now() / 1000 - lifetime) < 60, true);
      const revoked = await oauth.revocationRequest(server, client, shown, token, plain);
      await oauth.processRevocationResponse(revoked);
      expect('afterwards', await introspect(server, shown, token), { active: false });
      await refusedAs('access_token', () => whoami(token));
      const again = await oauth.revocationRequest(server, client, shown, token, plain);
      await oauth.processRevocationResponse(again);
    });

    const wrong = method(altered(demo.service_client.secret));
    await checks.check(`a wrong secret in ${way} is refused`, async () => {
      await refusedAs('token_client', () => logIn(server, wrong));
    });
    await checks.check(`a wrong secret in ${way} introspects nothing`, async () => {
      const { access_token: token } = await logIn(server, shown);
      await refusedAs('token_client', () => introspect(server, wrong, token));
    });
    await checks.check(`a scope that is not registered is refused with the secret in ${way}`, async () => {
      await refusedAs('token_scope', () => logIn(server, shown, { scope: 'all everything' }));
    });
  }

  await checks.check('a client without a secret gets no token for itself', async () => {
    const stranger = { client_id: demo.public_client.id };
    const answer = () => oauth.clientCredentialsGrantRequest(server, stranger, oauth.None(), {}, plain);
    await refusedAs('token_grant', async () =>
      oauth.processClientCredentialsResponse(server, stranger, await answer()));
  });
}

run(main);
