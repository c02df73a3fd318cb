// One process for all suites, as small projects run Jest: each suite loads the package anew into a realm of its own.
module.exports = {
  rootDir: __dirname,
  testEnvironment: "node",
  testMatch: ["**/*.suite.cjs"],
  moduleNameMapper: { "^@hitl-sdk/state-ioredis$": "<rootDir>/../../index.js" },
  maxWorkers: 1,
};
