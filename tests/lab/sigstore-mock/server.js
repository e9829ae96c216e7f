// Fulcio with its certificate transparency log, and Rekor v1, as @sigstore/mock has them, behind the HTTP interfaces that
// cosign 2 and 3 speak. On a free port of 127.0.0.1. Prints one line of JSON: its URL, the issuing certificate and the
// public keys of both logs, DER in base64. Whoever asks gets a certificate: tokens are not verified.
'use strict';

const { createHash, generateKeyPairSync } = require('node:crypto');
const http = require('node:http');
const mock = require('@sigstore/mock');

const MAX_BODY_BYTES = 16 << 20;

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const sha256 = (data) => createHash('sha256').update(data).digest('hex');
// PEM with the lines of 64 characters that strict readers want.
const wrapped = (pem) => {
  const [, label, text] = /-----BEGIN (.*)-----([^]*)-----END/.exec(pem);
  const lines = text.replace(/\s/g, '').match(/.{1,64}/g);
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
};

const chainOf = (answer) => JSON.parse(answer).signedCertificateEmbeddedSct.chain.certificates.map(wrapped);

// cosign 3: the token is in a header, and 200 is what a success is.
async function certificate2(fulcio, request, body) {
  const asked = JSON.parse(body);
  asked.credentials ??= { oidcIdentityToken: request.headers.authorization.replace(/^Bearer /, '') };
  const made = await fulcio.fn(JSON.stringify(asked));
  if (made.statusCode !== 201) return { status: made.statusCode, body: made.response };
  const answer = { signedCertificateEmbeddedSct: { chain: { certificates: chainOf(made.response) } } };
  return { status: 200, type: 'application/json', body: JSON.stringify(answer) };
}

// cosign 2: the key is a PEM text in base64, the answer is PEM.
async function certificate1(fulcio, request, body) {
  const asked = JSON.parse(body);
  const made = await fulcio.fn(JSON.stringify({
    credentials: { oidcIdentityToken: request.headers.authorization.replace(/^Bearer /, '') },
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: Buffer.from(asked.publicKey.content, 'base64').toString() },
      proofOfPossession: asked.signedEmailAddress,
    },
  }));
  if (made.statusCode !== 201) return { status: made.statusCode, body: made.response };
  return { status: 201, type: 'application/pem-certificate-chain', body: chainOf(made.response).join('') };
}

// What Rekor makes of a proposed DSSE entry; the mock would log the proposal as it is.
function dsseEntry(proposed) {
  const { envelope, verifiers } = proposed.spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope);
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: { algorithm: 'sha256', value: sha256(envelope) },
      payloadHash: { algorithm: 'sha256', value: sha256(Buffer.from(payload, 'base64')) },
      signatures: signatures.map(({ sig }, i) => ({ signature: sig, verifier: verifiers[i] })),
    },
  };
}

async function logEntry(rekor, request, body) {
  const proposed = JSON.parse(body);
  const kind = `${proposed.kind}/${proposed.apiVersion}`;
  if (kind !== 'dsse/0.0.1' && kind !== 'hashedrekord/0.0.1') return { status: 400, body: `no entries of ${kind}` };
  const made = await rekor.fn(JSON.stringify(proposed.kind === 'dsse' ? dsseEntry(proposed) : proposed));
  if (made.statusCode !== 201) return { status: made.statusCode, body: made.response };
  const [uuid] = Object.keys(JSON.parse(made.response));
  const headers = { Location: `/api/v1/log/entries/${uuid}`, ETag: uuid };
  return { status: 201, type: 'application/json', body: made.response, headers };
}

async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

async function main() {
  const server = http.createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${server.address().port}`;
  const [logKey, caKey, ctKey] = [newKey(), newKey(), newKey()];
  const ct = await mock.initializeCTLog(ctKey);
  const ca = await mock.initializeCA(caKey, ct);
  const log = await mock.initializeTLog(url, logKey);
  const fulcio = mock.fulcioHandler(ca, { strict: true, subjectClaim: 'sub' });
  const rekor = mock.rekorHandler(log, { strict: true });
  const handlers = {
    '/api/v2/signingCert': (...asked) => certificate2(fulcio, ...asked),
    '/api/v1/signingCert': (...asked) => certificate1(fulcio, ...asked),
    '/api/v1/log/entries': (...asked) => logEntry(rekor, ...asked),
  };
  server.on('request', async (request, response) => {
    let answer = { status: 404, body: `nothing at ${request.method} ${request.url}` };
    try {
      const handler = request.method === 'POST' && handlers[request.url];
      if (handler) answer = await handler(request, await read(request));
    } catch (error) {
      answer = { status: 400, body: String(error) };
    }
    const headers = { 'Content-Type': answer.type ?? 'text/plain', ...answer.headers };
    response.writeHead(answer.status, headers).end(answer.body);
  });
  const base64 = (bytes) => Buffer.from(bytes).toString('base64');
  const keyOf = (pair) => base64(pair.publicKey.export({ format: 'der', type: 'spki' }));
  const said = { url, issuer: base64(ca.rootCertificate), ctLogKey: keyOf(ctKey), logKey: keyOf(logKey) };
  process.stdout.write(JSON.stringify(said) + '\n');
}

main();
