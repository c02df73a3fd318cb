// Loaded before everything else (`node --import`) where the suite runs under the published permissions: whatever
// connection the state opens without credentials gets those of the user who has just these. The caller's own client
// keeps its settings, and so does a connection whose test gives it a user.

import { createRequire } from "node:module";
import { LEAST_USER } from "./acl.mjs";

const settings = createRequire(import.meta.url)("../../js/settings.js");
const { settingsOf } = settings;

settings.settingsOf = (...args) => {
  const made = settingsOf(...args);
  return made.username === undefined && made.password === undefined ? { ...made, ...LEAST_USER } : made;
};
