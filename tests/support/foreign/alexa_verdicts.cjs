// What Amazon's verifier for Node (ask-sdk-express-adapter) says of each request: lines of JSON in, `true` or `false` a line out.
// Its network is replaced: what it fetches by https lies in the request's `chains`, and the only root that it trusts is the twin's.
const Module = require("node:module");
const { PassThrough } = require("node:stream");
const [packages, root] = process.argv.slice(2);
let chains = {};
const get = (address, answer) => {
  const found = chains[new URL(address).pathname];
  const response = new PassThrough();
  response.statusCode = found === undefined ? 404 : 200;
  answer(response);
  response.end(found ?? "");
  return Object.assign(new PassThrough(), { end() {} });
};
const load = Module._load;
Module._load = function (name, ...more) {
  const found = load.call(this, name, ...more);
  if (name === "https") return { ...found, get };
  if (name === "tls") return { ...found, rootCertificates: [require("node:fs").readFileSync(root, "utf8")] };
  return found;
};
const { SkillRequestSignatureVerifier, TimestampVerifier } = require(require.resolve("ask-sdk-express-adapter", { paths: [packages] }));

async function verdict({ headers, body }) {
  try {
    await new SkillRequestSignatureVerifier().verify(body, headers);
    await new TimestampVerifier().verify(body);
    return true;
  } catch {
    return false;
  }
}

(async () => {
  for (const line of require("node:fs").readFileSync(0, "utf8").split("\n").filter(Boolean)) {
    const asked = JSON.parse(line);
    chains = asked.chains;
    console.log(await verdict(asked));
  }
})();
