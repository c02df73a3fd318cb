// What an ioredis client's `tls` means for our own connection: the `Tls` of src/connection/tls/mod.rs.
// Options that it does not know, or that need OpenSSL, are left to the client's own connector.

const { createHash, createPrivateKey, constants, X509Certificate } = require("node:crypto");
const { readFileSync } = require("node:fs");
const native = require("./addon.js");

/** The options that are said natively; where they lead to is up to js/settings.js. */
const KNOWN = new Set([
  ...["ca", "cert", "key", "passphrase", "servername", "rejectUnauthorized"],
  ...["minVersion", "maxVersion", "ALPNProtocols", "host", "port", "path", "family"],
]);

/** Options that ioredis consumes, or that concern Node's socket and not what is agreed on with the server. */
const HARMLESS = new Set(["profile", "timeout", "keepAlive", "keepAliveInitialDelay", "noDelay", "highWaterMark"]);

const VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
const NATIVE_VERSIONS = ["TLSv1.2", "TLSv1.3"];

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Other forms of a certificate in PEM, which OpenSSL reads. */
const OTHER_FORM = /-----BEGIN (?:TRUSTED|X509) CERTIFICATE-----/;

/**
 * How TLS is spoken with the server that `options` describe, or `undefined` where only Node can do what their `tls`
 * says. Node says what is wrong with settings that are wrong.
 */
function tlsOf({ tls: options, path, sentinels }) {
  // Only who wants TLS pays for loading it.
  const tls = require("node:tls");
  try {
    // What ioredis takes of it: its own members, and nothing of `true`.
    const given = { ...options };
    return isForeign(tls, given) || isElsewhere(given, path, sentinels) ? undefined : settingsOf(tls, given);
  } catch {
    return undefined;
  }
}

function settingsOf(tls, given) {
  const authorities = given.ca ? [given.ca].flat().flatMap(certificatesIn) : undefined;
  const rejectUnauthorized = isStrict(given);
  demand(!given.servername || typeof given.servername === "string");
  return {
    servername: given.servername || undefined,
    rejectUnauthorized,
    authorities: rejectUnauthorized ? authoritiesOf(tls, authorities) : "",
    identity: identityOf(given, authorities ?? []),
    versions: versionsOf(tls, given),
    protocols: protocolsOf(tls, given.ALPNProtocols),
  };
}

/** Whether something in the options, or in how Node was started, is beyond us. */
function isForeign(tls, given) {
  const beyond = Object.keys(given).some(
    (name) => given[name] != null && !KNOWN.has(name) && !HARMLESS.has(name) && given[name] !== tls[name],
  );
  const isTuned = tls.DEFAULT_CIPHERS !== constants.defaultCoreCipherList || tls.DEFAULT_ECDH_CURVE !== "auto";
  return beyond || isTuned;
}

/** Whether the options lead to another place than that which is asked for its certificate. */
function isElsewhere({ host, path, port, servername }, unixPath, sentinels) {
  // All servers and sentinels at one place; and at a Unix socket Node looks for the name of the host that is not used.
  return sentinels ? host || path || port : !servername && (path || (unixPath && host));
}

/** Whether the certificate must be a good one. Where it is given, even `undefined`, only `false` means that it need not. */
function isStrict(given) {
  return Object.hasOwn(given, "rejectUnauthorized")
    ? given.rejectUnauthorized !== false
    : process.env.NODE_TLS_REJECT_UNAUTHORIZED !== "0";
}

function versionsOf(tls, { minVersion, maxVersion }) {
  const from = VERSIONS.indexOf(minVersion ?? tls.DEFAULT_MIN_VERSION);
  const to = VERSIONS.indexOf(maxVersion ?? tls.DEFAULT_MAX_VERSION);
  const versions = VERSIONS.slice(from, to + 1).filter((version) => NATIVE_VERSIONS.includes(version));
  demand(from >= 0 && versions.length > 0);
  return versions;
}

function protocolsOf(tls, given) {
  const protocols = [];
  if (given) {
    const out = {};
    tls.convertALPNProtocols(given, out);
    const wire = out.ALPNProtocols;
    for (let at = 0; at < wire.length; at += 1 + wire[at]) {
      protocols.push([...wire.subarray(at + 1, at + 1 + wire[at])]);
    }
  }
  return protocols;
}

/** What the client shows of itself: one certificate and its key, or nothing. */
function identityOf({ cert, key, passphrase }, authorities) {
  if (!cert && !key) {
    return undefined;
  }
  const certs = [cert].flat();
  const keys = [key].flat();
  demand(certs.length === 1 && keys.length === 1);
  const pem = Array.isArray(key) ? (keys[0].pem ?? keys[0]) : key;
  const secret = createPrivateKey({ key: textOf(pem), passphrase: keys[0].passphrase ?? passphrase });
  const chain = certificatesIn(certs[0]);
  demand(new X509Certificate(chain[0]).checkPrivateKey(secret));
  return {
    cert: (chain.length > 1 ? chain : chainOf(chain[0], authorities)).join("\n"),
    key: secret.export({ type: "pkcs8", format: "pem" }),
  };
}

/** A certificate and those that lead from it to its root, which OpenSSL looks up in `ca` and sends along. */
function chainOf(pem, authorities) {
  const chain = [];
  const parsed = authorities.map((authority) => new X509Certificate(authority));
  for (let next = new X509Certificate(pem); next !== undefined && chain.length < 10; ) {
    const last = next;
    chain.push(last.toString());
    next = last.subject === last.issuer ? undefined : parsed.find((authority) => last.checkIssued(authority));
  }
  return chain;
}

/** The certificates in a PEM text. */
function certificatesIn(given) {
  const text = textOf(given);
  demand(!OTHER_FORM.test(text));
  return text.match(CERTIFICATE) ?? [];
}

function textOf(given) {
  demand(typeof given === "string" || ArrayBuffer.isView(given));
  return typeof given === "string"
    ? given
    : Buffer.from(given.buffer, given.byteOffset, given.byteLength).toString("latin1");
}

/** The name under which the native side keeps those who are trusted. */
function authoritiesOf(tls, given) {
  return given === undefined ? defaultAuthorities(tls) : keep(given);
}

/** The name of the list of whom Node trusts where the options say nothing. */
function defaultAuthorities(tls) {
  if (tls.getCACertificates !== undefined) {
    return keepDefaults(tls.getCACertificates("default"));
  }
  // An older Node does not tell whom OpenSSL trusts.
  const started = [...process.execArgv, process.env.NODE_OPTIONS ?? ""];
  demand(!started.some((text) => text.includes("--use-openssl-ca")));
  return keepDefaults(tls.rootCertificates, extraAuthorities);
}

/** The list is long, and the same one for ever unless somebody changes it. */
let last = { list: null, name: "" };

function keepDefaults(list, more = () => "") {
  if (last.list !== list || !native.keepsAuthorities(last.name)) {
    last = { list, name: keep([...list, more()]) };
  }
  return last.name;
}

/** What NODE_EXTRA_CA_CERTS names. Node warns where it cannot be read, and goes on. */
function extraAuthorities() {
  try {
    return readFileSync(process.env.NODE_EXTRA_CA_CERTS, "latin1");
  } catch {
    return "";
  }
}

/** Makes sure that the native side has these certificates, and returns the name under which it does. */
function keep(certificates) {
  const text = certificates.join("\n");
  const name = createHash("sha256").update(text).digest("hex");
  if (!native.keepsAuthorities(name)) {
    native.keepAuthorities(name, text);
  }
  return name;
}

function demand(holds) {
  if (!holds) {
    throw new Error("These settings need Node's own TLS");
  }
}

module.exports = { tlsOf };
