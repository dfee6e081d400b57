// oauth4webapi: a user allows a client, which gets a code, redeems it, refreshes, introspects and revokes.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Checks, HTTP, altered, expect, expectPrincipal, run } = require('./checks.cjs');
const { UserAgent } = require('./user_agent.cjs');
const oauth = await import(require.resolve('oauth4webapi'));

const checks = new Checks('oauth4webapi codes', 'opendatasoft');
const { demo } = checks;
const otto = demo.user.username;
const plain = { [oauth.allowInsecureRequests]: true };

// Clients with and without a secret. The latter is on the user's device, and may choose its port.
const CLIENTS = {
  'a public client': {
    client: { client_id: demo.public_client.id },
    shown: oauth.None(),
    redirect: demo.public_client.redirect_uri.replace('127.0.0.1', '127.0.0.1:49152'),
  },
  'a confidential client (Basic)': {
    client: { client_id: demo.client.id },
    shown: oauth.ClientSecretBasic(demo.client.secret),
    redirect: demo.client.redirect_uri,
  },
  'a confidential client (body)': {
    client: { client_id: demo.client.id },
    shown: oauth.ClientSecretPost(demo.client.secret),
    redirect: demo.client.redirect_uri,
  },
};

const issuer = new URL(HTTP);
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...plain }),
);

// The redirect to the client after the user's decision, and what the client keeps until then.
async function ask({ client, redirect }, { decision = 'allow', ...more } = {}) {
  const kept = { verifier: oauth.generateRandomCodeVerifier(), state: oauth.generateRandomState() };
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'all',
    state: kept.state,
    code_challenge: await oauth.calculatePKCECodeChallenge(kept.verifier),
    code_challenge_method: 'S256',
    ...more,
  });
  const target = await new UserAgent(demo.user).authorize(url, decision);
  expect('redirect URI', target.href.split('?')[0], redirect);
  return { ...kept, target };
}

function judged({ client }, { target, state }) {
  return oauth.validateAuthResponse(server, client, target, state);
}

async function redeem({ client, shown, redirect }, parameters, verifier) {
  const answer = await oauth.authorizationCodeGrantRequest(
    server, client, shown, parameters, redirect, verifier, plain);
  return oauth.processAuthorizationCodeResponse(server, client, answer);
}

async function refresh({ client, shown }, token) {
  const answer = await oauth.refreshTokenGrantRequest(server, client, shown, token, plain);
  return oauth.processRefreshTokenResponse(server, client, answer);
}

async function logIn(of) {
  const kept = await ask(of);
  return redeem(of, judged(of, kept), kept.verifier);
}

async function introspect({ client, shown }, token) {
  const answer = await oauth.introspectionRequest(server, client, shown, token, plain);
  return oauth.processIntrospectionResponse(server, client, answer);
}

async function revoke({ client, shown }, token) {
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, shown, token, plain));
}

async function whoami(token) {
  const url = new URL('/rfc6750/whoami', HTTP);
  return (await oauth.protectedResourceRequest(token, 'GET', url, undefined, undefined, plain)).json();
}

// The library throws what a server answered with an error.
async function refusedAs(kind, call) {
  const [status, error] = checks.refusals[kind];
  try {
    await call();
  } catch (problem) {
    expect('status', problem.status, status);
    if (problem.error !== undefined) expect('error', problem.error, error);
    return;
  }
  throw new Error('it was not refused');
}

async function main() {
  await checks.check('finds the authorization endpoint, and that it names its issuer and wants S256', async () => {
    expect('origin', new URL(server.authorization_endpoint).origin, HTTP);
    expect('iss', server.authorization_response_iss_parameter_supported, true);
    expect('response types', server.response_types_supported, ['code']);
    expect('PKCE', server.code_challenge_methods_supported, ['S256']);
  });

  for (const [name, of] of Object.entries(CLIENTS)) {
    await checks.check(`${name} gets a user's token with a code, and works with it`, async () => {
      const answer = await logIn(of);
      expect('type', answer.token_type.toLowerCase(), 'bearer');
      expect('scope', answer.scope, 'all');
      expect('a lifetime', answer.expires_in > 0, true);
      expectPrincipal(await whoami(answer.access_token), { principal: 'OAuthUser', id: otto, scopes: ['all'] });
    });

    await checks.check(`${name} is sent back if the user denies, with the issuer and its state`, async () => {
      const kept = await ask(of, { decision: 'deny' });
      try {
        judged(of, kept);
      } catch (problem) {
        expect('error', problem.error, 'access_denied');
        expect('state', kept.target.searchParams.get('state'), kept.state);
        return expect('iss', kept.target.searchParams.get('iss'), HTTP);
      }
      throw new Error('it has a code');
    });

    await checks.check(`${name} refreshes, and the old refresh token is used up`, async () => {
      const first = await logIn(of);
      const second = await refresh(of, first.refresh_token);
      expectPrincipal(await whoami(second.access_token), { id: otto });
      expect('another one', second.refresh_token !== first.refresh_token, true);
      await refusedAs('grant', () => refresh(of, first.refresh_token));
    });

    await checks.check(`${name} has no use for a code with another verifier, or for a used one`, async () => {
      const kept = await ask(of);
      const parameters = judged(of, kept);
      await refusedAs('grant', () => redeem(of, parameters, oauth.generateRandomCodeVerifier()));
      const { access_token: token } = await redeem(of, parameters, kept.verifier);
      await whoami(token);
      await refusedAs('grant', () => redeem(of, parameters, kept.verifier));
      await refusedAs('access_token', () => whoami(token));
    });

    await checks.check(`${name} revokes a refresh token, and with it the access token`, async () => {
      const answer = await logIn(of);
      await revoke(of, answer.refresh_token);
      await refusedAs('access_token', () => whoami(answer.access_token));
      await refusedAs('grant', () => refresh(of, answer.refresh_token));
    });
  }

  await checks.check('a confidential client introspects a token of a user', async () => {
    const of = CLIENTS['a confidential client (Basic)'];
    const { access_token: token, expires_in: lifetime } = await logIn(of);
    const found = await introspect(of, token);
    expect('found', [found.active, found.client_id, found.scope], [true, demo.client.id, 'all']);
    expect('user', found.username ?? found.sub, otto);
    expect('lifetime', Math.abs(found.exp - Date.now() / 1000 - lifetime) < 60, true);
    await revoke(of, token);
    expect('afterwards', await introspect(of, token), { active: false });
  });

  const [publicClient, confidential] = Object.values(CLIENTS);

  await checks.check('a code is of no use to another client', async () => {
    const kept = await ask(publicClient);
    const stolen = judged(publicClient, kept);
    await refusedAs('grant', () => redeem({ ...confidential, redirect: publicClient.redirect }, stolen, kept.verifier));
  });

  await checks.check('a wrong client secret redeems nothing, and the code stays good', async () => {
    const kept = await ask(confidential);
    const parameters = judged(confidential, kept);
    const wrong = { ...confidential, shown: oauth.ClientSecretBasic(altered(demo.client.secret)) };
    await refusedAs('token_client', () => redeem(wrong, parameters, kept.verifier));
    await whoami((await redeem(confidential, parameters, kept.verifier)).access_token);
  });

  await checks.check('a scope that is not registered is refused at the redirect URI', async () => {
    const { target } = await ask(publicClient, { scope: 'all everything' });
    expect('answer', [...target.searchParams.keys()].includes('code'), false);
    expect('error', target.searchParams.get('error'), 'invalid_scope');
  });

  await checks.check('a public client without a challenge is refused at the redirect URI', async () => {
    const { target } = await ask(publicClient, { code_challenge: '', code_challenge_method: '' });
    expect('error', target.searchParams.get('error'), 'invalid_request');
  });
}

run(main);
