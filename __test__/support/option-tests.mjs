// For each option that concerns our connection, the test that fails if it is ignored: a file, and a part of its text
// in which the test has its title.

const OPTIONS = "__test__/options.test.mjs";
const DOWN = "__test__/server-down.test.mjs";
const ADDRESSES = "__test__/matrix-addresses.test.mjs";
const CREDENTIALS = "__test__/matrix-credentials.test.mjs";
const SENTINEL = "__test__/sentinel.test.mjs";
const SENTINEL_TLS = "__test__/sentinel-tls.test.mjs";
const CLUSTER = "__test__/cluster-settings.test.mjs";
const PATIENCE = "__test__/cluster-patience.test.mjs";
const TLS = "__test__/tls.test.mjs";
const TLS_MATRIX = "__test__/matrix-tls.test.mjs";
const ENVIRONMENT = "__test__/tls-environment.test.mjs";

export const OPTION_TESTS = {
  host: [ADDRESSES, "an IPv6 address"],
  port: [ADDRESSES, "a port and a host"],
  family: [ADDRESSES, "a family for which the name has no server"],
  path: [ADDRESSES, "path beside a host and a port"],
  Connector: ["__test__/carried.test.mjs", "every method works through the caller's own connector"],
  tls: [TLS_MATRIX, "a client without TLS"],
  username: ["__test__/client-settings.test.mjs", "username and password: our connection is that ACL user's"],
  password: [CREDENTIALS, "a wrong password"],
  db: ["__test__/database.test.mjs", "calls after select() meet the new database"],
  keyPrefix: ["__test__/client-settings.test.mjs", "every key starts with it, and the store is sound below it"],
  connectionName: ["__test__/life-cycle.test.mjs", "our connection is named after the caller's"],
  disableClientInfo: [OPTIONS, "disableClientInfo and clientInfoTag"],
  clientInfoTag: [OPTIONS, "disableClientInfo and clientInfoTag"],
  readOnly: [OPTIONS, "readOnly: READONLY is said on connecting"],
  noDelay: ["src/connection/dial.rs", "no_delay_and_keep_alive_are_what_the_settings_say"],
  keepAlive: [OPTIONS, "keepAlive: the time after which the system asks"],
  connectTimeout: [DOWN, "a server that does not accept within connectTimeout"],
  socketTimeout: [OPTIONS, "socketTimeout: a server that owes an answer for so long is given up"],
  commandTimeout: [DOWN, "a server that does not answer within commandTimeout"],
  retryStrategy: [OPTIONS, "retryStrategy: asked with the number of each attempt"],
  maxRetriesPerRequest: [OPTIONS, "maxRetriesPerRequest: after as many attempts calls reject"],
  enableOfflineQueue: [DOWN, "enableOfflineQueue: false rejects at once"],
  enableReadyCheck: [OPTIONS, "enableReadyCheck: whether the server is asked if it serves"],
  maxLoadingRetryTime: [OPTIONS, "maxLoadingRetryTime: how long a server is waited for"],
  autoResendUnfulfilledCommands: [OPTIONS, "autoResendUnfulfilledCommands: false rejects"],
  reconnectOnError: [OPTIONS, "reconnectOnError: asked about a refusal"],
  sentinels: [SENTINEL, "a write lands on the primary that the sentinels name"],
  name: [SENTINEL, "name: a name that no sentinel knows reaches nobody"],
  role: ["__test__/matrix-sentinel.test.mjs", "a write to a replica"],
  sentinelUsername: [SENTINEL, "sentinelUsername: an ACL user of the sentinels"],
  sentinelPassword: [SENTINEL, "sentinelPassword and password: each where it belongs"],
  sentinelTLS: [SENTINEL_TLS, "sentinelTLS: without it, or with an authority that is not theirs"],
  enableTLSForSentinelMode: [SENTINEL_TLS, "tls: without enableTLSForSentinelMode"],
  sentinelRetryStrategy: [SENTINEL, "sentinelRetryStrategy: is called with the number of the round"],
  sentinelCommandTimeout: [SENTINEL, "a sentinel that keeps silent so long is passed over"],
  updateSentinels: [SENTINEL, "the others are remembered or not"],
  natMap: [CLUSTER, "natMap, object and function"],
  preferredSlaves: [SENTINEL, "that replica each time"],
  failoverDetector: ["__test__/sentinel-failover.test.mjs", "failoverDetector: a primary that does not know"],
  sentinelMaxConnections: ["__test__/sentinel-failover.test.mjs", "two sentinels are listened to"],
  sentinelReconnectStrategy: [OPTIONS, "sentinelReconnectStrategy: when a sentinel is listened to again"],
  redisOptions: [CLUSTER, "an ACL user in redisOptions"],
  clusterRetryStrategy: [PATIENCE, "clusterRetryStrategy says how long to wait"],
  retryDelayOnFailover: [PATIENCE, "retryDelayOnFailover and maxRedirections come before that"],
  maxRedirections: [PATIENCE, "retryDelayOnFailover and maxRedirections come before that"],
  dnsLookup: [CLUSTER, "dnsLookup of the client's options finds the startup nodes"],
  useSRVRecords: [CLUSTER, "useSRVRecords and resolveSrv find the startup nodes"],
  resolveSrv: [CLUSTER, "useSRVRecords and resolveSrv find the startup nodes"],
  "tls.ca": [TLS_MATRIX, "another authority"],
  "tls.cert": [TLS_MATRIX, "no client certificate"],
  "tls.key": [TLS_MATRIX, "cert and key"],
  "tls.passphrase": [TLS, "a key with a passphrase"],
  "tls.servername": [TLS, "servername is told to the server"],
  "tls.rejectUnauthorized": [TLS, "rejectUnauthorized: false takes a server that is"],
  "tls.minVersion": [TLS, "minVersion and maxVersion"],
  "tls.maxVersion": [TLS, "minVersion and maxVersion"],
  "tls.ALPNProtocols": [TLS, "ALPNProtocols"],
  "tls.host": [TLS, "tls.host and tls.port replace those beside it"],
  "tls.port": [TLS, "tls.host and tls.port replace those beside it"],
  "tls.path": [TLS_MATRIX, "tls.path"],
  NODE_EXTRA_CA_CERTS: [ENVIRONMENT, "NODE_EXTRA_CA_CERTS: whom it names is trusted"],
  NODE_TLS_REJECT_UNAUTHORIZED: [ENVIRONMENT, "NODE_TLS_REJECT_UNAUTHORIZED=0 counts unless"],
  "--use-openssl-ca": [ENVIRONMENT, "--use-openssl-ca: those whom OpenSSL trusts"],
  "--tls-min-v1.3": [ENVIRONMENT, "--tls-min-v1.3 and --tls-max-v1.2"],
  "--tls-max-v1.2": [ENVIRONMENT, "--tls-min-v1.3 and --tls-max-v1.2"],
  "--tls-cipher-list": [ENVIRONMENT, "--tls-cipher-list"],
};
