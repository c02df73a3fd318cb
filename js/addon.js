// The native functions. binding.js, which the napi CLI writes, finds the addon of this platform; where it finds none, or
// one of another version, `require` and `import` of this package throw an error that says what to do.

const { version } = require("../package.json");

function load() {
  try {
    return require("../binding.js");
  } catch (error) {
    // Loaded only here: who has an addon needs none of its words.
    throw require("./no-addon.js").missing(error);
  }
}

const native = load();
// An addon of another version may take other arguments. binding.js compares versions only if the environment asks for it,
// and those of manifests; the addon itself cannot be wrong about its own.
if (native.IDENTITY !== `state-ioredis@${version}`) {
  throw require("./no-addon.js").mismatched(native.IDENTITY);
}

module.exports = native;
